// What travels in memory that both sides see, and is only pointed to by a frame.

/// A part of an open file of the coordinator's.
package struct MemoryLocation: Equatable, Sendable {
  package var descriptor: Int32
  package var device: UInt64
  package var inode: UInt64
  package var fileSize: Int
  package var offset: Int

  package init(descriptor: Int32, device: UInt64, inode: UInt64, fileSize: Int, offset: Int) {
    self.descriptor = descriptor
    self.device = device
    self.inode = inode
    self.fileSize = fileSize
    self.offset = offset
  }

  func write(to writer: inout WireWriter) {
    writer.writeFixed(descriptor)
    writer.writeFixed(device)
    writer.writeFixed(inode)
    writer.writeFixed(Int64(fileSize))
    writer.writeFixed(Int64(offset))
  }

  init(from reader: inout WireReader) throws(WireError) {
    descriptor = try reader.readFixed(Int32.self)
    device = try reader.readFixed(UInt64.self)
    inode = try reader.readFixed(UInt64.self)
    fileSize = Int(try reader.readFixed(Int64.self))
    offset = Int(try reader.readFixed(Int64.self))
  }
}

/// Where the body of a frame lies that is too long for a pipe.
package struct BodyLocation: Equatable, Sendable {
  package var memory: MemoryLocation
  /// Bytes of the body.
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
      throw .malformed("a body beyond the memory that it lies in", offset: 0)
    }
  }
}

/// How long payloads take, for those who poll while the other side copies them.
package enum CopyingTime {
  /// Nanoseconds at the most, for so many bytes: at 2 GB/s, a third of what is usual, for a millisecond at
  /// the most. Beside what takes longer, waking up counts for little.
  package static func of(_ bytes: Int) -> Int64 { min(Int64(bytes / 2), 1_000_000) }
}

/// Where a frame lies in memory that the other side has given room in.
package struct RemoteFrame: Equatable, Sendable {
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
