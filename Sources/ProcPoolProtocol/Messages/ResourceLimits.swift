import ProcPoolWire

/// The limits on the resources of a worker's process; zero, or no processor, for no limit.
package struct ResourceLimits: Equatable, Sendable {
  /// The private memory in bytes.
  package var memory: UInt64
  /// The processor time in seconds.
  package var processorTime: UInt64
  /// The niceness.
  package var niceness: Int32
  /// The processors that the worker may run on.
  package var processors: [UInt32]

  package init(
    memory: UInt64 = 0, processorTime: UInt64 = 0, niceness: Int32 = 0, processors: [UInt32] = []
  ) {
    self.memory = memory
    self.processorTime = processorTime
    self.niceness = niceness
    self.processors = processors
  }

  func write(to writer: inout WireWriter) {
    writer.writeFixed(memory)
    writer.writeFixed(processorTime)
    writer.writeFixed(niceness)
    writer.writeVarint(UInt64(processors.count))
    for processor in processors { writer.writeFixed(processor) }
  }

  init(from reader: inout WireReader) throws(WireError) {
    memory = try reader.readFixed(UInt64.self)
    processorTime = try reader.readFixed(UInt64.self)
    niceness = try reader.readFixed(Int32.self)
    processors = []
    for _ in 0..<(try reader.readCount(minimumBytesEach: 4)) {
      processors.append(try reader.readFixed(UInt32.self))
    }
  }
}
