/// The sum of an array of numbers.
public enum ArraySum {
  /// Because the additions of a block form chains of 128, and 16 KiB of numbers fit the first-level cache.
  private static let block = 2_048

  /// The most additions that a number goes through on its way into a sum of `count`, in one part or in
  /// several: 128 in a block and 16 to fold it, or 15 at its end, and one for each block.
  public static func longestChain(of count: Int) -> Int { 128 + 16 + count / block + 2 }

  /// Sums numbers, sixteen at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum(_ numbers: [Double]) -> Double { sum(numbers.span) }

  /// Sums numbers, sixteen at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum(_ numbers: Span<Double>) -> Double {
    numbers.withUnsafeBytes { bytes in
      var total = 0.0
      var start = 0
      while start < numbers.count {
        let count = min(block, numbers.count - start)
        var low = SIMD8<Double>()
        var high = SIMD8<Double>()
        var index = 0
        while index + 16 <= count {
          let offset = (start + index) * 8
          low += bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
          high += bytes.loadUnaligned(fromByteOffset: offset + 64, as: SIMD8<Double>.self)
          index += 16
        }
        var tail = 0.0
        while index < count {
          tail += bytes.load(fromByteOffset: (start + index) * 8, as: Double.self)
          index += 1
        }
        total += (low + high).sum() + tail
        start += count
      }
      return total
    }
  }
}
