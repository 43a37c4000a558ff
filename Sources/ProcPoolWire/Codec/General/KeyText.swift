// Keys are equal if their bytes are. Swift compares strings by canonical equivalence, so that "é"
// equals "e" followed by an accent, but keys such as file names may differ only in that.

/// Whether two keys have the same bytes.
@inline(__always)
func isSameKey(_ a: String, _ b: String) -> Bool { isIdentical(a, b) || hasSameBytes(a, b) }

/// Whether two strings have the same representation in memory, which implies the same bytes. Short
/// strings contain their bytes, and a long literal has one address, so nearly all comparisons of
/// keys end here.
@inline(__always)
func isIdentical(_ a: String, _ b: String) -> Bool {
  // A string has two words on every 64-bit system; the condition is a constant.
  guard MemoryLayout<String>.size == MemoryLayout<(UInt64, UInt64)>.size else { return false }
  return unsafeBitCast(a, to: (UInt64, UInt64).self) == unsafeBitCast(b, to: (UInt64, UInt64).self)
}

/// Whether two strings have the same bytes, if they are not identical.
@inline(never)
func hasSameBytes(_ a: String, _ b: String) -> Bool {
  // Strings that are not canonically equivalent have different bytes; the comparison is fast for
  // short strings.
  guard a == b, a.utf8.count == b.utf8.count else { return false }
  return a.withKeyBytes { first in b.withKeyBytes { second in first.isEqual(to: second) } }
}

extension String {
  /// Calls `body` with the string's UTF-8.
  @inline(__always)
  fileprivate func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) {
      return result
    }
    // A bridged string.
    return Array(utf8).withUnsafeBytes(body)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes equal those of `other`, which has the same length. Compares words, because
  /// the standard library compares byte by byte, and this happens for every message.
  func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
    var difference: UInt64 = 0
    var position = 0
    while position + 8 <= count {
      difference |=
        loadUnaligned(fromByteOffset: position, as: UInt64.self)
        ^ other.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      position += 8
    }
    while position < count {
      difference |= UInt64(self[position] ^ other[position])
      position += 1
    }
    return difference == 0
  }
}

/// A key in a table: a string that is equal to those of the same bytes.
struct KeyText: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: KeyText, b: KeyText) -> Bool { isSameKey(a.text, b.text) }

  func hash(into hasher: inout Hasher) {
    text.withKeyBytes { hasher.combine(bytes: $0) }
  }
}
