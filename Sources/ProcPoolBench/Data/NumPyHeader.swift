import ProcPoolSystem

/// What a file in NumPy's format says of the numbers that follow.
///
/// `numpy.lib.format`: the bytes `\x93NUMPY`, two of version, the length of the text in two bytes (version 1.0) or four
/// (2.0 and 3.0), and a Python dictionary with the keys `descr`, `fortran_order` and `shape`, in Latin-1 or, in version
/// 3.0, UTF-8.
///
/// What `np.load` refuses is refused. Beyond that:
///
/// - Types other than those of ``elementTypes``, some of which are spellings of the same ones (`'<f 8'`, `'(1,)f8'`):
///   nothing writes them, and a mistake in a rule for them would make other numbers of the file's.
/// - Texts that name a character by `\N{…}`.
struct NumPyHeader: Equatable, Sendable {
  /// Why a text is no header.
  struct Damage: Error {
    /// In words, after "has a damaged header".
    let reason: String
  }

  /// Numbers that the benchmark computes with.
  enum ElementType: Sendable {
    case f32, f64
  }

  /// The type of the numbers, as NumPy spells it: `<f8`.
  var type: String
  /// Whether the first index is the fastest, as Fortran has it.
  var isColumnMajor: Bool
  var shape: [Int]

  /// The type, if it is one that is computed with.
  var elementType: ElementType? { Self.elementTypes[type] }

  /// What `np.dtype` takes for either of them on a machine that is little-endian: `=` is the machine's own order, and `|`
  /// none, for which NumPy takes the machine's.
  private static let elementTypes: [String: ElementType] = {
    var types: [String: ElementType] = ["float32": .f32, "single": .f32]
    for name in ["float64", "double", "float"] { types[name] = .f64 }
    for order in ["", "<", "=", "|"] {
      for code in ["f4", "f"] { types[order + code] = .f32 }
      for code in ["f8", "d"] { types[order + code] = .f64 }
    }
    return types
  }()

  /// As many as `np.load` reads, which has this limit because a parser of Python's takes long for longer ones
  /// (`max_header_size`).
  private static let longestText = 10_000

  /// What NumPy 2 takes (`NPY_MAXDIMS`; NumPy 1 takes 32).
  static let mostDimensions = 64

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Bytes that say how long the text is: those, the version, and the length.
  static let prefixLength = 12

  /// How many bytes there are before the first number.
  ///
  /// - Parameter prefix: the first ``prefixLength`` bytes of the file, or all if it has fewer.
  /// - Returns: where the text begins and where it ends, or `nil` if this is no such file.
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

  /// Reads the dictionary.
  ///
  /// - Parameter version: the major one.
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
          "the shape has \(self.shape.count) dimensions, and NumPy has \(Self.mostDimensions) at the most")
    }
    // What is no text is the type of a structured array: a list of its fields.
    self.type = if case .text(let type) = type.value { type } else { type.source }
  }

  /// How many numbers there are; `nil` if there are too many for any machine. NumPy counts as if no length were 0.
  func count(ofSize size: Int) -> Int? {
    var bytes = size
    for length in shape where length > 0 {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      bytes = product
    }
    return shape.contains(0) ? 0 : bytes / size
  }

  /// As much of a text as a message has room for.
  static func excerpt(_ text: String) -> String { text.visible(atMost: 60) }

  /// The start of a file of version 1, padded so that the numbers begin at a multiple of 64 bytes, as NumPy has it.
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
