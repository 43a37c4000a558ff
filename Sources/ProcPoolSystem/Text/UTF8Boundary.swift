/// Positions at which UTF-8 text can be divided between two scalars.
package enum UTF8Boundary {
  /// The last position at or before `index` between two scalars, which is at most three bytes
  /// before it.
  ///
  /// Invalid UTF-8 is divided so that the parts, when decoded separately, have as many replacement
  /// characters as the whole.
  package static func last<Bytes: RandomAccessCollection<UInt8>>(in bytes: Bytes, upTo index: Int) -> Int
  where Bytes.Index == Int {
    // A scalar has at most four bytes, so the first byte of a divided one is among the last three.
    for length in 1...3 where index - length >= bytes.startIndex {
      let byte = bytes[index - length]
      if isContinuation(byte) { continue }
      return scalarLength(startingWith: byte) > length ? index - length : index
    }
    return index
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// The number of bytes of a scalar by its first byte; 1 for bytes that start none.
  private static func scalarLength(startingWith byte: UInt8) -> Int {
    switch byte {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}
