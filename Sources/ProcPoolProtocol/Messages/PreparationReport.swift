import ProcPoolWire

/// The cost of preparing a task in a worker.
package struct PreparationReport: Equatable, Sendable {
  /// The time of decoding the task and running `prepare`, in nanoseconds.
  package var time: UInt64
  /// The growth of the worker's private memory in this time, in bytes; 0 if unknown.
  package var memory: UInt64

  package init(time: UInt64, memory: UInt64) {
    self.time = time
    self.memory = memory
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    time = try reader.readFixed(UInt64.self)
    memory = try reader.readFixed(UInt64.self)
    try reader.finish()
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(time)
    writer.writeFixed(memory)
  }

  /// The minimum reported time in nanoseconds. Faster preparations are not reported, and their
  /// tasks are not kept, because sending and reading a frame would take a noticeable part of that
  /// time.
  package static let shortest: Int64 = 100_000
}
