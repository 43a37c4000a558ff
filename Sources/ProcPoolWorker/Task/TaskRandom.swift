import ProcPoolProtocol

/// A generator of random numbers for one item. Not for secrets: the seed determines every number.
///
/// The algorithm is SplitMix64 by Guy Steele, Doug Lea and Christine Flood (*Fast splittable
/// pseudorandom number generators*, OOPSLA 2014). Its output function mixes the seed, the call and
/// the item into the initial state.
public struct TaskRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64, call: CallID, item: UInt64) {
    state = Self.mixed(Self.mixed(Self.mixed(seed) ^ UInt64(call.number)) ^ item)
  }

  /// Returns the next number of the sequence, uniformly distributed over all values of `UInt64`.
  ///
  /// - Complexity: O(1), about a nanosecond.
  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mixed(state)
  }

  /// 2⁶⁴ divided by the golden ratio, made odd: the increment of the paper.
  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The paper's output function, variant 13 of David Stafford's mixers.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ increment
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
