import ProcPoolWire

/// Where a frame lies in memory that the other side has given room in.
package struct IndirectFrame: Equatable, Sendable {
  /// From the beginning of the room.
  package var offset: Int
  /// Bytes of the frame, its header among them.
  package var length: Int

  /// Bytes of the body.
  package static let size = 16
  /// Shorter ones take less to copy than to look up.
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
    else { throw .malformed("a frame that cannot be where it is said to be", offset: 0) }
  }
}
