/// What makes two tasks the same for a worker that keeps one of them: their type, and their bytes.
struct TaskKey: Hashable, Sendable {
  private enum Content: Hashable {
    case bytes([UInt8])
    case digest(Int, Int)
  }

  let type: ObjectIdentifier
  /// The length of the encoded task.
  let byteCount: Int
  private let content: Content

  /// Up to this length the bytes are compared. Remembering more of them would cost more memory than it is worth.
  static let longestCompared = 4096

  /// - Complexity: O(bytes): long ones are read twice at the speed of SipHash, about as long as copying them takes.
  init(_ type: ObjectIdentifier, _ bytes: UnsafeRawBufferPointer) {
    self.type = type
    byteCount = bytes.count
    content = bytes.count <= Self.longestCompared ? .bytes(Array(bytes)) : Self.digest(of: bytes)
  }

  /// 128 bits of a hash that nobody can find a collision for: two of SipHash with this process's secret seed, told
  /// apart by their first word.
  private static func digest(of bytes: UnsafeRawBufferPointer) -> Content {
    var one = Hasher()
    var other = Hasher()
    one.combine(1)
    other.combine(2)
    // In pieces that stay in the processor's cache from one to the other.
    var rest = bytes
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(longestCompared))
      one.combine(bytes: piece)
      other.combine(bytes: piece)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(longestCompared))
    }
    return .digest(one.finalize(), other.finalize())
  }
}
