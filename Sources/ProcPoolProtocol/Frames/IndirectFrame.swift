import ProcPoolWire

/// The location of a frame in a room that the other side has provided.
package struct IndirectFrame: Equatable, Sendable {
  /// The offset from the beginning of the room, in bytes.
  package var offset: Int
  /// The length of the frame with its header, in bytes.
  package var length: Int

  /// The length of the encoded form in bytes.
  package static let size = 16
  /// The minimum length in bytes: shorter frames are cheaper to copy through the pipe.
  package static let shortest = 1 << 16

  package init(offset: Int, length: Int) {
    self.offset = offset
    self.length = length
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(Int64(offset))
    writer.writeFixed(Int64(length))
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    offset = Int(try reader.readFixed(Int64.self))
    length = Int(try reader.readFixed(Int64.self))
    try reader.finish()
    guard offset >= 0, length >= FrameHeader.size,
      !offset.addingReportingOverflow(length).overflow
    else { throw .malformed("a frame at an impossible location", offset: 0) }
  }
}
