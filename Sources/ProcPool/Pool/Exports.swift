// What `import ProcPool` brings with it: tasks, values on the wire, shared memory, and how processes end.
@_exported import ProcPoolFoundation
@_exported import ProcPoolSharedMemory
@_exported import enum ProcPoolSystem.ProcessEnd
@_exported import ProcPoolWire
@_exported import ProcPoolWorker
