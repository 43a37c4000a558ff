// How the encoder writes values whose layout `MessageFormat` describes.

extension WireWriter {
  mutating func writeInteger(_ v: Int64) {
    if v >= 0 {
      writeInteger(UInt64(v))
    } else if v >= -16 {
      writeByte(Tag.negative + UInt8(-1 - v))
    } else {
      writeByte(Tag.longNegative)
      writeVarint(UInt64(-1 - v))
    }
  }

  mutating func writeInteger(_ v: UInt64) {
    if v < UInt64(Tag.integerEnd) {
      writeByte(UInt8(v))
    } else {
      writeByte(Tag.longInteger)
      writeVarint(v)
    }
  }

  mutating func writeString(_ v: String) {
    var text = v
    text.withUTF8 { utf8 in
      if utf8.count < 32 {
        writeByte(Tag.shortString + UInt8(utf8.count))
      } else {
        writeByte(Tag.string)
        writeVarint(UInt64(utf8.count))
      }
      writeBytes(UnsafeRawBufferPointer(utf8))
    }
  }

  /// Writes the header of a packed array; the numbers follow.
  mutating func writePacked(_ kind: PackedKind, _ count: Int) {
    reserve(2 + WireVarint.maximumLength + count * kind.size)
    writeByte(Tag.packed)
    writeByte(kind.rawValue)
    writeVarint(UInt64(count))
  }

  /// Writes `v` at `offset` in exactly `length` bytes, the unneeded ones as empty groups.
  mutating func patchVarint(_ v: UInt64, length: Int, at offset: Int) {
    var rest = v
    for i in 0..<length {
      let more: UInt8 = i == length - 1 ? 0 : 0x80
      patch(UInt8(truncatingIfNeeded: rest & 0x7F) | more, at: offset + i)
      rest >>= 7
    }
  }

  /// Moves everything from `offset` on by `n` bytes, whose content is the caller's to write.
  mutating func makeGap(of n: Int, at offset: Int) {
    let tail = count - offset
    _ = appendUninitialized(n)
    // A copy that allows overlap; `bytes` is not nil, since something has just been appended.
    let place = UnsafeMutableRawPointer(mutating: bytes.baseAddress.unsafelyUnwrapped) + offset
    (place + n).copyMemory(from: place, byteCount: tail)
  }
}

extension WireVarint {
  /// How many bytes `writeVarint` needs for `v`.
  static func length(_ v: UInt64) -> Int {
    v < 0x80 ? 1 : (70 - v.leadingZeroBitCount) / 7
  }
}
