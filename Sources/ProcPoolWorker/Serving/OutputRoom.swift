import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// Memory of the coordinator into which long outputs of one chunk are encoded, so that they are not
/// sent through the pipe.
final class OutputRoom: WireMemory {
  private let mapping: SharedMapping
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private var used = 0

  init(_ mapping: SharedMapping, at location: BodyLocation) {
    self.mapping = mapping
    base = mapping.base + location.memory.offset
    capacity = location.length
  }

  /// Returns all of the remaining memory if it is large enough, for one writer at a time.
  func allocate(_ count: Int) -> (base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject)? {
    guard count > IndirectFrame.shortest, count <= capacity - used else { return nil }
    return (base + used, capacity - used, self)
  }

  /// Keeps the bytes that a writer has written.
  ///
  /// - Returns: their location; `nil` if the writer's memory is not part of this room.
  func keep(_ bytes: UnsafeRawBufferPointer) -> IndirectFrame? {
    guard let start = bytes.baseAddress, start == UnsafeRawPointer(base + used) else { return nil }
    defer { used += FrameHeader.padded(bytes.count) }
    return IndirectFrame(offset: used, length: bytes.count)
  }
}
