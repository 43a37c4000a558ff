import Glibc

/// Where a random test begins; PROCPOOL_SEED repeats one.
struct Seed: CustomStringConvertible {
  private let value: UInt64

  init() {
    value = getenv("PROCPOOL_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0...9_999_999)
  }

  var numbers: Numbers { Numbers(state: value) }
  var description: String { "PROCPOOL_SEED=\(value)" }

  /// SplitMix64.
  struct Numbers: RandomNumberGenerator {
    fileprivate var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      return mixed ^ mixed >> 31
    }
  }
}
