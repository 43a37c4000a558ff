// The bytes of a general `Codable` value.
//
//     message  = value, key table, trailer
//     value    = tag, and the content that the tag specifies (below)
//     object   = fields up to the object's length; field = key, value
//     key      = varint: 0, then an inline string · 1, then an inline zigzag integer · n + 2, entry n of the table
//     table    = entries; entry = varint (2 × length + whether an integer follows), UTF-8, [zigzag integer]
//     trailer  = one byte: the length of the table; or 255, after 8 bytes that hold it
//
// The table is at the end because it is complete only then, and contiguous because a reader that
// has decoded the same table before can skip it. Every container is preceded by its length, so that
// an unknown field is skipped in one step and a damaged value cannot extend past its end.

/// The first byte of a value.
enum Tag {
  /// 0…127 are the integers themselves.
  static let integerEnd: UInt8 = 0x80
  /// Strings of 0…31 bytes: the length is in the tag.
  static let shortString: UInt8 = 0x80
  static let shortStringEnd: UInt8 = 0xA0
  /// −1…−16.
  static let negative: UInt8 = 0xA0
  static let negativeEnd: UInt8 = 0xB0

  static let null: UInt8 = 0xB0
  static let no: UInt8 = 0xB1
  static let yes: UInt8 = 0xB2
  /// 4 bytes.
  static let float: UInt8 = 0xB3
  /// 8 bytes.
  static let double: UInt8 = 0xB4
  /// A varint.
  static let longInteger: UInt8 = 0xB5
  /// A varint n that means −1 − n.
  static let longNegative: UInt8 = 0xB6
  /// 16 bytes.
  static let int128: UInt8 = 0xB7
  static let uint128: UInt8 = 0xB8
  /// Varint length, UTF-8.
  static let string: UInt8 = 0xB9
  /// Varint length of the rest, varint count, values.
  static let array: UInt8 = 0xBA
  /// Varint length, fields.
  static let object: UInt8 = 0xBB
  /// A ``PackedKind``, varint count, the memory of the numbers.
  static let packed: UInt8 = 0xBC
  /// Varint length, and the bytes that a ``WireCodable`` type wrote.
  static let opaque: UInt8 = 0xBD
  /// Varint stride, varint count, the memory of ``WireBlock`` values of a user's type.
  static let blocks: UInt8 = 0xBE
  /// A mark for an optional value that is present and encodes as null; another mark or null
  /// follows. Other present values need no mark.
  static let some: UInt8 = 0xBF
  /// As `some`, for a field that is omitted if it is absent; before any `some`.
  static let present: UInt8 = 0xC0
}

/// The number type of a packed array: the low four bits are the size in bytes.
enum PackedKind: UInt8 {
  case int8 = 0x01
  case int16 = 0x02
  case int32 = 0x04
  case int64 = 0x08
  case uint8 = 0x11
  case uint16 = 0x12
  case uint32 = 0x14
  case uint64 = 0x18
  case float = 0x24
  case double = 0x28

  var size: Int { Int(rawValue & 0x0F) }
}

/// The reference of a field to its key.
enum KeyReference {
  static let inlineString: UInt64 = 0
  static let inlineInteger: UInt64 = 1
  /// The offset that is added to the index of an entry of the key table.
  static let firstEntry: UInt64 = 2
}

/// The last byte of a message.
enum Trailer {
  /// The value for a table of this length or more, whose length is in the 8 bytes before the
  /// trailer.
  static let long: UInt8 = 0xFF
}
