import ProcPoolSystem

/// The header of a file in NumPy's format.
///
/// Specification: `numpy.lib.format`. The header has the bytes `\x93NUMPY`, two bytes of version,
/// the length of the text in two bytes (version 1.0) or four (2.0 and 3.0), and a Python dictionary
/// with the keys `descr`, `fortran_order` and `shape`. The text is Latin-1, or UTF-8 in version
/// 3.0.
///
/// Everything that `np.load` rejects is rejected, and in addition:
///
/// - Types that ``elementTypes`` does not list, even if they are other spellings of the same
///   types (`'<f 8'`, `'(1,)f8'`). No program writes them, and a mistake in parsing them would
///   silently produce wrong numbers.
/// - Strings with a character name, `\N{…}`.
struct NumPyHeader: Equatable, Sendable {
  /// The reason why a text is not a valid header.
  struct Damage: Error {
    /// The reason in words, after "has a damaged header".
    let reason: String
  }

  /// The number types that the benchmark supports.
  enum ElementType: Sendable {
    case f32, f64
  }

  /// The type of the numbers, as NumPy spells it: `<f8`.
  var type: String
  /// Whether the first index varies fastest (Fortran order).
  var isColumnMajor: Bool
  var shape: [Int]

  /// The element type, if it is supported.
  var elementType: ElementType? { Self.elementTypes[type] }

  /// The spellings that `np.dtype` accepts on a little-endian machine: `=` is the machine's own
  /// byte order, and `|` is no byte order, for which NumPy takes the machine's.
  private static let elementTypes: [String: ElementType] = {
    var types: [String: ElementType] = ["float32": .f32, "single": .f32]
    for name in ["float64", "double", "float"] { types[name] = .f64 }
    for order in ["", "<", "=", "|"] {
      for code in ["f4", "f"] { types[order + code] = .f32 }
      for code in ["f8", "d"] { types[order + code] = .f64 }
    }
    return types
  }()

  /// The limit of `np.load` in bytes, `max_header_size`: Python's parser takes long for longer
  /// texts.
  private static let longestText = 10_000

  /// The limit of NumPy 2, `NPY_MAXDIMS`. NumPy 1 accepts 32.
  static let mostDimensions = 64

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The length of the magic bytes, the version and the length field, in bytes.
  static let prefixLength = 12

  /// Returns the position of the header's text in the file.
  ///
  /// - Parameter prefix: the first ``prefixLength`` bytes of the file, or all bytes of a shorter
  ///   file.
  /// - Returns: `nil` if the file is not in NumPy's format.
  static func textRange(prefix: [UInt8]) -> Range<Int>? {
    guard prefix.count >= 10, prefix.starts(with: magic) else { return nil }
    let start: Int
    // The minor version is 0 in all three.
    switch (prefix[6], prefix[7]) {
    case (1, 0): start = 10
    case (2, 0), (3, 0): start = 12
    default: return nil
    }
    guard prefix.count >= start else { return nil }
    let length = prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    return length <= longestText ? start..<start + length : nil
  }

  init(type: String, isColumnMajor: Bool, shape: [Int]) {
    self.type = type
    self.isColumnMajor = isColumnMajor
    self.shape = shape
  }

  /// Parses the dictionary.
  ///
  /// - Parameter version: the major version.
  init(text bytes: [UInt8], version: UInt8) throws(Damage) {
    let text: [Unicode.Scalar]
    if version < 3 {
      text = bytes.map { Unicode.Scalar($0) }
    } else if let utf8 = String(validating: bytes, as: UTF8.self) {
      text = Array(utf8.unicodeScalars)
    } else {
      throw Damage(reason: "it is not valid UTF-8, which version 3.0 requires")
    }
    guard let literal = PythonLiteral(text, allowsLong: version < 3) else {
      throw Damage(
        reason: "'\(Self.excerpt(String(String.UnicodeScalarView(text))))' is not a valid Python literal")
    }
    guard case .dictionary(let entries) = literal, entries.count == 3, let type = entries["descr"],
      let order = entries["fortran_order"], let shape = entries["shape"]
    else {
      throw Damage(reason: "it must have the keys descr, fortran_order and shape, and no others")
    }
    guard case .truth(let isColumnMajor) = order.value else {
      throw Damage(reason: "fortran_order is '\(Self.excerpt(order.source))' instead of True or False")
    }
    guard case .tuple(let lengths) = shape.value else {
      throw Damage(reason: "the shape is '\(Self.excerpt(shape.source))', which is not a tuple")
    }
    self.isColumnMajor = isColumnMajor
    self.shape = []
    for length in lengths {
      guard case .number(let length?) = length, length >= 0 else {
        throw Damage(
          reason:
            "the shape is '\(Self.excerpt(shape.source))': each length must be a nonnegative integer"
        )
      }
      self.shape.append(length)
    }
    guard self.shape.count <= Self.mostDimensions else {
      throw Damage(
        reason:
          "the shape has \(self.shape.count) dimensions, more than NumPy's maximum of \(Self.mostDimensions)")
    }
    // A type that is not a string is structured: a list of its fields.
    self.type = if case .text(let type) = type.value { type } else { type.source }
  }

  /// The number of elements; `nil` if no machine could hold them. As in NumPy, a length of 0 does
  /// not hide an overflow by the other lengths.
  func count(ofSize size: Int) -> Int? {
    var bytes = size
    for length in shape where length > 0 {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      bytes = product
    }
    return shape.contains(0) ? 0 : bytes / size
  }

  /// The part of a text that is quoted in a message.
  static func excerpt(_ text: String) -> String { text.visible(atMost: 60) }

  /// The header of a version 1.0 file. It is padded so that the numbers begin at a multiple of 64
  /// bytes, as NumPy does.
  var bytes: [UInt8] {
    let sizes = shape.map { "\($0), " }.joined()
    let text =
      "{'descr': '\(type)', 'fortran_order': \(isColumnMajor ? "True" : "False"), 'shape': (\(sizes)), }"
    let unpadded = 10 + text.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = text.utf8.count + padding + 1
    return Self.magic + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
      + Array(text.utf8) + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  }
}
