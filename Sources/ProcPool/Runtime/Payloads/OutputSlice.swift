import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// Outputs of consecutive items, still encoded.
struct OutputSlice: Sendable {
  let memory: ReceivedMemory
  let start: Int
  let count: Int

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.base + start, count: count)
  }
}
