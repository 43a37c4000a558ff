import ProcPoolWire

/// What a worker's process may use; zero, or no processor, where nothing is said.
package struct ResourceLimits: Equatable, Sendable {
  /// Bytes of memory of its own.
  package var memory: UInt64
  /// Seconds of processor time.
  package var processorTime: UInt64
  /// How much it gives way to other processes.
  package var niceness: Int32
  /// The processors that it may run on.
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
