import ProcPoolWire

// Locations of data in shared memory, which frames refer to.

/// A part of a file that the coordinator has open.
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
