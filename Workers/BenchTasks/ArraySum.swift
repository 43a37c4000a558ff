/// The sum of an array of numbers.
public enum ArraySum {
  /// Because the additions of a block form chains of 128, and 16 KiB of numbers fit the first-level cache.
  private static let block = 2_048

  /// The most additions that a number goes through on its way into a sum of `count`, in one part or in
  /// several: 128 in a block and 16 to fold it, or 15 at its end, and one for each block.
  public static func longestChain(of count: Int) -> Int { 128 + 16 + count / block + 2 }

  /// Sums numbers in double precision, sixteen at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum<Number: MatrixScalar>(_ numbers: [Number]) -> Double { sum(numbers.span) }

  /// Sums numbers in double precision, sixteen at a time, in blocks.
  ///
  /// - Complexity: O(`numbers.count`).
  public static func sum<Number: MatrixScalar>(_ numbers: Span<Number>) -> Double { Number.sum(numbers) }

  /// Inlined where the type of the numbers is known, because workers find tasks by name, and what is generic in
  /// those stays so.
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
