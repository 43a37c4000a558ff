import ProcPoolWire

/// The location of the body of a frame that is too long for a pipe.
package struct BodyLocation: Equatable, Sendable {
  package var memory: MemoryLocation
  /// The length of the body in bytes.
  package var length: Int

  package init(memory: MemoryLocation, length: Int) {
    self.memory = memory
    self.length = length
  }

  package func write(to writer: inout WireWriter) {
    memory.write(to: &writer)
    writer.writeFixed(Int64(length))
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    memory = try MemoryLocation(from: &reader)
    length = Int(try reader.readFixed(Int64.self))
    try reader.finish()
    let (end, overflow) = memory.offset.addingReportingOverflow(length)
    guard length >= 0, memory.offset >= 0, !overflow, end <= memory.fileSize else {
      throw .malformed("a body beyond the end of its memory", offset: 0)
    }
  }
}
