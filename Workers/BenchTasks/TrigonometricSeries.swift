import Glibc

/// Σ cos(k)/k, which converges to −ln(2 sin ½).
public enum TrigonometricSeries {
  /// Two tables of 256 numbers take 4 KiB, and the cost of one call of `sin` and `cos` per 256
  /// terms is negligible.
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

  /// Returns the maximum number of rounded operations between a term and a sum of `count` terms, in
  /// one part or several: 64 additions in a block, 4 to fold it, one per block, a division, and six
  /// for a cosine: one for each of four tables and functions, whose products are at most 1, one for
  /// a product, and one for the difference.
  static func longestChain(of count: Int) -> Int { 64 + 4 + count / block + 2 + 1 + 6 }

  /// Returns the term of a positive k.
  public static func term(_ k: Int) -> Double { cos(Double(k)) / Double(k) }

  /// Returns the sum of the terms of a range of positive k.
  ///
  /// Cosines are computed as cos(k + j) = cos k · cos j − sin k · sin j, with j from a table.
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
