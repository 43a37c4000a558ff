import ProcPoolSystem

/// How the inputs of a reduction are divided into parts.
///
/// It depends on the inputs alone, and neither on the number of workers nor on time: so do the brackets of
/// the sum, and with them its last digits.
enum PartSizes: Equatable {
  /// Of so many inputs: as many parts, alike within one.
  case even(inputs: Int, parts: Int)
  /// Of nobody knows how many: each part holds one `parts`-th of what was before it.
  case growing(parts: Int)

  init(inputs: Int?, parts: Int) {
    require(parts >= 1, "parts must be at least 1, not \(parts)")
    if let inputs {
      self = .even(inputs: inputs, parts: min(parts, max(1, inputs)))
    } else {
      self = .growing(parts: parts)
    }
  }

  /// Divides a range of integers.
  ///
  /// - Parameter integers: how many there are; `nil` if that is more than an `Int` can count.
  init(integers: Int?, parts: Int) throws(PoolError) {
    guard let integers else {
      throw .tooManyInputs("the range of inputs has more integers than an Int can count; divide it")
    }
    self.init(inputs: integers, parts: parts)
  }

  /// So that what is gathered for a part stays small, however long the sequence is.
  static let longestGrown: UInt64 = 4096

  /// How many inputs there are, if that is known.
  var inputs: Int? {
    if case .even(let inputs, _) = self { inputs } else { nil }
  }

  /// How many inputs a part has that begins with the input `start`, at least one.
  func size(ofPart part: UInt64, from start: UInt64) -> Int {
    switch self {
    case .even:
      // A collection may have more inputs than it says, and then parts beyond the last.
      Int(clamping: max(1, Int64(clamping: self.start(of: part + 1)) - Int64(clamping: start)))
    case .growing(let parts): Int(min(Self.longestGrown, max(1, start / UInt64(parts))))
    }
  }

  /// How many inputs the largest part has.
  var largest: Int {
    switch self {
    case .even(let inputs, let parts): inputs / parts + (inputs % parts == 0 ? 0 : 1)
    case .growing: Int(Self.longestGrown)
    }
  }

  /// The first input of a part.
  ///
  /// - Complexity: O(`part`) where parts grow: only errors ask.
  func start(of part: UInt64) -> UInt64 {
    switch self {
    case .even(let inputs, let parts):
      let (inputs, parts) = (UInt64(max(1, inputs)), UInt64(parts))
      if part > parts { return inputs + (part - parts) * (inputs / parts) }
      return parts.dividingFullWidth(inputs.multipliedFullWidth(by: part)).quotient
    case .growing:
      var start: UInt64 = 0
      for part in 0..<part { start += UInt64(size(ofPart: part, from: start)) }
      return start
    }
  }
}
