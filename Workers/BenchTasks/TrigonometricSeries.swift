#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Σ cos(k)/k, which converges to −ln(2 sin ½).
public enum TrigonometricSeries {
  /// Because two tables of 256 numbers take 4 KiB, and a call of `sin` and `cos` for each 256 terms costs
  /// nothing.
  private static let block = 256

  private static let table: [(cosine: SIMD4<Double>, sine: SIMD4<Double>)] = stride(from: 0, to: block, by: 4)
    .map { first in
      var cosine = SIMD4<Double>()
      var sine = SIMD4<Double>()
      for lane in 0..<4 {
        cosine[lane] = cos(Double(first + lane))
        sine[lane] = sin(Double(first + lane))
      }
      return (cosine, sine)
    }

  /// The most rounded operations that a term goes through on its way into a sum of `count`, in one part or in
  /// several: 64 additions in a block, 4 to fold it, one for each block, a division, and six for a cosine:
  /// one for each of four tables and functions, whose products are at most 1, one for a product, one for
  /// their difference.
  static func longestChain(of count: Int) -> Int { 64 + 4 + count / block + 2 + 1 + 6 }

  /// The term of a positive k.
  public static func term(_ k: Int) -> Double { cos(Double(k)) / Double(k) }

  /// Sums the terms of a range of positive k.
  ///
  /// Cosines come from cos(k + j) = cos k · cos j − sin k · sin j, with j from a table.
  public static func sum(over range: Range<Int>) -> Double {
    table.withUnsafeBufferPointer { table in
      var total = 0.0
      var start = range.lowerBound
      while start < range.upperBound {
        let count = min(block, range.upperBound - start)
        let k = Double(start)
        let cosine = cos(k)
        let sine = sin(k)
        var partial = SIMD4<Double>()
        var divisor = SIMD4<Double>(k, k + 1, k + 2, k + 3)
        for index in 0..<count / 4 {
          partial += (cosine * table[index].cosine - sine * table[index].sine) / divisor
          divisor += 4
        }
        var tail = 0.0
        for lane in 0..<count % 4 {
          let entry = table[count / 4]
          tail += (cosine * entry.cosine[lane] - sine * entry.sine[lane]) / divisor[lane]
        }
        total += partial.sum() + tail
        start += count
      }
      return total
    }
  }
}
