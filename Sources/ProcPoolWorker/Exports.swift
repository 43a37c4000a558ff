// Identifiers are part of the API for tasks.
@_exported import struct ProcPoolProtocol.CallID
@_exported import struct ProcPoolProtocol.ItemID
@_exported import struct ProcPoolProtocol.WorkerID
