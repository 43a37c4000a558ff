// Writing of values in the layout that `MessageFormat` specifies.

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

  /// As `writeVarint`, without a function call for nearly all keys.
  @inline(__always)
  mutating func writeReference(_ reference: UInt64) {
    guard reference < 0x80, count < capacity else { return writeVarint(reference) }
    // Safety: there is room, so the writer has memory.
    base.unsafelyUnwrapped.storeBytes(
      of: UInt8(truncatingIfNeeded: reference), toByteOffset: written, as: UInt8.self)
    written &+= 1
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

  /// Inserts a mark before the value at `offset` if the value is null, marked or not.
  @inline(__always)
  mutating func mark(_ tag: UInt8, ifNothingAt offset: Int) {
    // Safety: a value of at least one byte has been written there.
    let first = bytes.baseAddress.unsafelyUnwrapped.load(fromByteOffset: offset, as: UInt8.self)
    if first == Tag.null || first == Tag.some { insert(tag, at: offset) }
  }

  @inline(never)
  private mutating func insert(_ byte: UInt8, at offset: Int) {
    makeGap(of: 1, at: offset)
    patch(byte, at: offset)
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

  /// Moves everything from `offset` on by `n` bytes, which the caller must write.
  mutating func makeGap(of n: Int, at offset: Int) {
    let tail = count - offset
    moved += tail
    _ = appendUninitialized(n)
    // A copy that allows overlap; `bytes` is not nil, since something has just been appended.
    let place = UnsafeMutableRawPointer(mutating: bytes.baseAddress.unsafelyUnwrapped) + offset
    (place + n).copyMemory(from: place, byteCount: tail)
  }
}

extension WireVarint {
  /// The number of bytes that `writeVarint` writes for `v`.
  static func length(_ v: UInt64) -> Int {
    v < 0x80 ? 1 : (70 - v.leadingZeroBitCount) / 7
  }
}
