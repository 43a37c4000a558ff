import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// Memory of the coordinator's into which long outputs of one chunk are encoded, so that they cross no pipe.
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

  /// What is left, to whoever wants so much: one writer at a time.
  func allocate(_ count: Int) -> (base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject)? {
    guard count > IndirectFrame.shortest, count <= capacity - used else { return nil }
    return (base + used, capacity - used, self)
  }

  /// Keeps what a writer has written.
  ///
  /// - Returns: where it lies; `nil` if the writer did not get its memory here.
  func keep(_ bytes: UnsafeRawBufferPointer) -> IndirectFrame? {
    guard let start = bytes.baseAddress, start == UnsafeRawPointer(base + used) else { return nil }
    defer { used += FrameHeader.padded(bytes.count) }
    return IndirectFrame(offset: used, length: bytes.count)
  }
}
