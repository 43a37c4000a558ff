// Reading of numbers, text and Booleans. Numbers are converted if the conversion is exact, because
// a type with hand-written encoding may write an `Int32` and read an `Int`, or write an `Int` and
// read a `Double`.

/// The reason why a value cannot be read as the requested type.
enum Misfit: Error {
  /// A value of another kind.
  case kind
  /// A number that the type cannot represent.
  case range(String)
  /// Invalid UTF-8, or a damaged value.
  case malformed(WireError)
}

extension ValueReader {
  @inline(__always)
  func integer<T: FixedWidthInteger>(_ value: WireValue, as type: T.Type) throws(Misfit) -> T {
    if value.packed == nil {
      let tag = byte(value.start)
      if tag < Tag.integerEnd { return T(truncatingIfNeeded: tag) }
    }
    return try longInteger(value, as: type)
  }

  private func longInteger<T: FixedWidthInteger>(_ value: WireValue, as _: T.Type) throws(Misfit) -> T {
    switch try number(value) {
    case .signed(let v): return try fit(T(exactly: v), v)
    case .unsigned(let v): return try fit(T(exactly: v), v)
    case .floating(let v): return try fit(v.wholeNumber.flatMap { T(exactly: $0) }, v)
    }
  }

  @inline(__always)
  private func fit<T>(_ number: T?, _ original: some CustomStringConvertible) throws(Misfit) -> T {
    guard let number else { throw .range(original.description) }
    return number
  }

  private enum Number {
    case signed(Int128)
    case unsigned(UInt128)
    case floating(Double)
  }

  private func number(_ value: WireValue) throws(Misfit) -> Number {
    if let packed = value.packed { return packedNumber(value.start, packed) }
    let tag = byte(value.start)
    var position = value.start + 1
    switch tag {
    case ..<Tag.integerEnd: return .signed(Int128(tag))
    case Tag.negative..<Tag.negativeEnd: return .signed(-1 - Int128(tag - Tag.negative))
    case Tag.longInteger: return .signed(Int128(try varint(&position, value)))
    case Tag.longNegative: return .signed(-1 - Int128(try varint(&position, value)))
    case Tag.int128: return .signed(load(position, as: Int128.self))
    case Tag.uint128: return .unsigned(load(position, as: UInt128.self))
    case Tag.double: return .floating(load(position, as: Double.self))
    case Tag.float: return .floating(Double(load(position, as: Float.self)))
    default: throw .kind
    }
  }

  private func varint(_ position: inout Int, _ value: WireValue) throws(Misfit) -> UInt64 {
    do throws(WireError) {
      return try varint(&position, limit: value.end)
    } catch {
      throw .malformed(error)
    }
  }

  private func packedNumber(_ position: Int, _ kind: PackedKind) -> Number {
    switch kind {
    case .int8: .signed(Int128(load(position, as: Int8.self)))
    case .int16: .signed(Int128(load(position, as: Int16.self)))
    case .int32: .signed(Int128(load(position, as: Int32.self)))
    case .int64: .signed(Int128(load(position, as: Int64.self)))
    case .uint8: .signed(Int128(load(position, as: UInt8.self)))
    case .uint16: .signed(Int128(load(position, as: UInt16.self)))
    case .uint32: .signed(Int128(load(position, as: UInt32.self)))
    case .uint64: .signed(Int128(load(position, as: UInt64.self)))
    case .float: .floating(Double(load(position, as: Float.self)))
    case .double: .floating(load(position, as: Double.self))
    }
  }

  /// Reads a `Double`, which is usually stored as such.
  @inline(__always)
  func double(_ value: WireValue) throws(Misfit) -> Double {
    if tag(value) == Tag.double { return load(value.start + 1, as: Double.self) }
    switch try number(value) {
    case .signed(let v): return try fit(v.double, v)
    case .unsigned(let v): return try fit(Int128(exactly: v)?.double, v)
    case .floating(let v): return v
    }
  }

  /// Reads a `Float`. If a `Float` was stored its bits are preserved, also those of a NaN.
  func float(_ value: WireValue) throws(Misfit) -> Float {
    if tag(value) == Tag.float { return load(value.start + 1, as: Float.self) }
    let wide = try double(value)
    let same = Float(wide)
    guard wide.isNaN || Double(same) == wide else { throw .range("\(wide)") }
    return same
  }

  func bool(_ value: WireValue) throws(Misfit) -> Bool {
    switch tag(value) {
    case Tag.yes: return true
    case Tag.no: return false
    default: throw .kind
    }
  }

  func isNull(_ value: WireValue) -> Bool { tag(value) == Tag.null }

  /// Whether a value is null, marked as present or not.
  @inline(__always)
  func isNothing(_ value: WireValue) -> Bool {
    guard let tag = tag(value) else { return false }
    return tag == Tag.null || tag >= Tag.some
  }

  /// The value after the mark of a null, if it has one.
  func insideMark(_ value: WireValue) -> WireValue? {
    isNull(value) ? nil : WireValue(start: value.start &+ 1, end: value.end)
  }

  /// The value of a field without the mark of its presence.
  @inline(__always)
  func unmarked(_ field: WireValue) -> WireValue {
    guard byte(field.start) == Tag.present else { return field }
    return WireValue(start: field.start &+ 1, end: field.end)
  }

  func string(_ value: WireValue) throws(Misfit) -> String {
    guard let tag = tag(value) else { throw .kind }
    var position = value.start + 1
    if tag == Tag.string {
      // The header was checked when the value was found; this skips it.
      _ = try varint(&position, value)
    } else if tag < Tag.shortString || tag >= Tag.shortStringEnd {
      throw .kind
    }
    do throws(WireError) {
      return try String(validating: bytes(position, value.end), offset: position)
    } catch {
      throw .malformed(error)
    }
  }
}

// The conversions of the standard library call `trunc` and `floor` of the C library, which this
// module does not link.

extension Double {
  /// The integer with this value, if there is one of 127 bits and a sign.
  fileprivate var wholeNumber: Int128? {
    if magnitude < 0x1p63 {
      let whole = Int64(self)
      return Double(whole) == self ? Int128(whole) : nil
    }
    guard magnitude < 0x1p127 else { return nil }
    // From 2^63 on every number is whole: 53 bits, and zeros.
    let shift = Int(bitPattern >> 52 & 0x7FF) - 1075
    let whole = Int128(bitPattern & (1 << 52 - 1) | 1 << 52) << shift
    return sign == .minus ? -whole : whole
  }
}

extension Int128 {
  /// The `Double` with this value, if there is one.
  fileprivate var double: Double? {
    let zeros = self == 0 ? 0 : trailingZeroBitCount
    guard let significant = Int64(exactly: self >> zeros), significant.magnitude <= 1 << 53 else {
      return nil
    }
    return Double(significant) * Double(bitPattern: UInt64(1023 + zeros) << 52)
  }
}
