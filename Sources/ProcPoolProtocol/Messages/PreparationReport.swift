import ProcPoolWire

/// What it cost a worker to prepare a task.
package struct PreparationReport: Equatable, Sendable {
  /// How long decoding the task and `prepare` took, in nanoseconds.
  package var time: UInt64
  /// By how much the worker's own memory grew meanwhile, in bytes; 0 if that is not known.
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

  /// What takes less is reported by no frame, and its task is not kept: a frame and the reading of it would take a
  /// noticeable part of it. Nanoseconds.
  package static let shortest: Int64 = 100_000
}
