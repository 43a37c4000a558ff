/// The identity of a task for workers that keep it: its type and its bytes.
struct TaskKey: Hashable, Sendable {
  private enum Content: Hashable {
    case bytes([UInt8])
    case digest(Int, Int)
  }

  let type: ObjectIdentifier
  /// The length of the encoded task.
  let byteCount: Int
  private let content: Content

  /// The maximum length of tasks that are compared byte by byte. Storing longer ones would cost too
  /// much memory.
  static let longestCompared = 4096

  /// - Complexity: O(bytes): long tasks are hashed twice with SipHash, which takes about as long as
  ///   copying them.
  init(_ type: ObjectIdentifier, _ bytes: UnsafeRawBufferPointer) {
    self.type = type
    byteCount = bytes.count
    content = bytes.count <= Self.longestCompared ? .bytes(Array(bytes)) : Self.digest(of: bytes)
  }

  /// A 128-bit hash without feasible collisions: two SipHash values with this process's secret
  /// seed, which differ by their first word.
  private static func digest(of bytes: UnsafeRawBufferPointer) -> Content {
    var one = Hasher()
    var other = Hasher()
    one.combine(1)
    other.combine(2)
    // Hashed in pieces, which stay in the processor's cache between the two hashes.
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
