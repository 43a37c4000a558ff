/// The sum of an array of numbers.
public enum ArraySum {
  /// In a block of 2 048, additions form chains of 128, and its 16 KiB fit the first-level cache.
  private static let block = 2_048

  /// Returns the maximum number of additions between a number and a sum of `count` numbers, in one
  /// part or several: 128 in a block, 16 to fold it or 15 at the end, and one per block.
  public static func longestChain(of count: Int) -> Int { 128 + 16 + count / block + 2 }

  /// Returns the sum in double precision. Adds sixteen numbers at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum<Number: MatrixScalar>(_ numbers: [Number]) -> Double { sum(numbers.span) }

  /// Returns the sum in double precision. Adds sixteen numbers at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum<Number: MatrixScalar>(_ numbers: Span<Number>) -> Double { Number.sum(numbers) }

  /// Inlined into specialised callers. Workers find tasks by name, so generic code in tasks is not
  /// specialised.
  @inline(__always)
  static func blocks<Number: BinaryFloatingPoint & SIMDScalar>(of numbers: Span<Number>) -> Double
  where Number: BitwiseCopyable {
    let size = MemoryLayout<Number>.size
    return numbers.withUnsafeBytes { bytes in
      var total = 0.0
      var start = 0
      while start < numbers.count {
        let count = min(block, numbers.count - start)
        var low = SIMD8<Double>()
        var high = SIMD8<Double>()
        var index = 0
        while index + 16 <= count {
          let offset = (start + index) * size
          low += SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Number>.self))
          high += SIMD8<Double>(
            bytes.loadUnaligned(fromByteOffset: offset + 8 * size, as: SIMD8<Number>.self))
          index += 16
        }
        var tail = 0.0
        while index < count {
          tail += Double(bytes.load(fromByteOffset: (start + index) * size, as: Number.self))
          index += 1
        }
        total += (low + high).sum() + tail
        start += count
      }
      return total
    }
  }
}
