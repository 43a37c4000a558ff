/// A random number generator whose numbers depend only on the seed, on every machine.
///
/// Source: Steele, Lea and Flood, *Fast splittable pseudorandom number generators* (SplitMix64),
/// OOPSLA 2014.
struct RandomNumbers: RandomNumberGenerator {
  private var state: UInt64

  /// Creates a generator. Different samples of one seed produce unrelated numbers.
  init(seed: UInt64, sample: Int = 0) {
    state = seed
    state = next() &+ UInt64(truncatingIfNeeded: sample)
    state = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Returns numbers that are uniformly distributed in −1 ..< 1.
  mutating func array<Scalar: BinaryFloatingPoint>(count: Int, of _: Scalar.Type) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        // 24 bits, so that every number is exact in single precision also.
        let bits = Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)
        (buffer.baseAddress! + index).initialize(to: Scalar(bits) / Scalar(1 << 23))
      }
      initialized = count
    }
  }

  /// Returns random bytes.
  mutating func bytes(count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in stride(from: 0, to: count, by: 8) {
        var word = next()
        for offset in index..<min(index + 8, count) {
          buffer[offset] = UInt8(truncatingIfNeeded: word)
          word >>= 8
        }
      }
      initialized = count
    }
  }
}
