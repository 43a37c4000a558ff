/// Places at which UTF-8 text may be divided without cutting a scalar in two.
package enum UTF8Boundary {
  /// The last place at or before `index` that lies between two scalars: at most three bytes before it.
  ///
  /// Bytes that are no UTF-8 are divided so that the parts, decoded one by one, have as many replacement characters
  /// as the whole.
  package static func last<Bytes: RandomAccessCollection<UInt8>>(in bytes: Bytes, upTo index: Int) -> Int
  where Bytes.Index == Int {
    // A scalar has four bytes at most: if one is cut, its first byte is one of the last three.
    for length in 1...3 where index - length >= bytes.startIndex {
      let byte = bytes[index - length]
      if isContinuation(byte) { continue }
      return scalarLength(startingWith: byte) > length ? index - length : index
    }
    return index
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// How many bytes a scalar has, by its first one; 1 for bytes that start none.
  private static func scalarLength(startingWith byte: UInt8) -> Int {
    switch byte {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}
