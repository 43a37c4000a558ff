import ProcPoolSystem

/// The division of a reduction's inputs into parts.
///
/// It depends only on the inputs, rather than on the number of workers or on time. The order of the
/// additions, and with it the last digits of a sum, is therefore reproducible.
enum ReductionParts: Equatable {
  /// Parts of equal size, for a known number of inputs.
  case even(inputs: Int, parts: Int)
  /// Parts for an unknown number of inputs: each has one `parts`-th of the number of inputs before
  /// it.
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
  /// - Parameter integers: the number of integers; `nil` if it exceeds the range of `Int`.
  init(integers: Int?, parts: Int) throws(PoolError) {
    guard let integers else {
      throw .tooManyInputs("the range of inputs has more integers than an Int can count; divide it")
    }
    self.init(inputs: integers, parts: parts)
  }

  /// The maximum size of a growing part, so that the memory for a part is small however long the
  /// sequence is.
  static let longestGrown: UInt64 = 4096

  /// The number of inputs, if it is known.
  var inputs: Int? {
    if case .even(let inputs, _) = self { inputs } else { nil }
  }

  /// The number of inputs in a part that begins with the input `start`, at least one.
  func size(ofPart part: UInt64, from start: UInt64) -> Int {
    switch self {
    case .even:
      // A collection may have more inputs than its count, and then more parts.
      Int(clamping: max(1, Int64(clamping: self.start(of: part + 1)) - Int64(clamping: start)))
    case .growing(let parts): Int(min(Self.longestGrown, max(1, start / UInt64(parts))))
    }
  }

  /// The number of inputs in the largest part.
  var largest: Int {
    switch self {
    case .even(let inputs, let parts): inputs / parts + (inputs % parts == 0 ? 0 : 1)
    case .growing: Int(Self.longestGrown)
    }
  }

  /// The first input of a part.
  ///
  /// - Complexity: O(`part`) if parts grow, which affects only errors.
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
