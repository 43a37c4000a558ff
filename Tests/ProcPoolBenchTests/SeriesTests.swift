import Foundation
import Testing

@testable import BenchTasks
@testable import ProcPoolBench

@Suite("The series have their known values")
struct KnownValues {
  @Test(
    "A number has a nine if its decimal text has one",
    arguments: [
      0, 1, 9, 10, 19, 90, 99, 9_999, 10_000, 10_009, 90_000, 88_888_888, 90_000_000, 1_234_567_890,
      100_000_000_000_009,
    ])
  func nines(k: Int) {
    #expect(SlowSeries.hasNine(k) == String(k).contains("9"))
    #expect(Reference.hasNine(k) == String(k).contains("9"))
  }

  @Test("Nines are found wherever they stand")
  func allNines() {
    for k in 0..<120_000 { #expect(SlowSeries.hasNine(k) == String(k).contains("9")) }
  }

  @Test(
    "The slow series is the sum over texts without a nine",
    arguments: [1..<1, 1..<2, 1..<10, 9..<10, 1..<1_000, 9_990..<10_010, 89_998..<100_003, 1..<200_000])
  func slow(range: Range<Int>) {
    // The smallest terms first: the order in which the least is lost.
    let expected = range.reversed().filter { !String($0).contains("9") }.reduce(0.0) { $0 + 1 / Double($1) }
    #expect(abs(SlowSeries.sum(over: range) - expected) <= 1e-12)
  }

  @Test("The slow series over k up to 10⁸ is what a sum in extended precision gives")
  func upToHundredMillion() {
    // From a naive loop over every digit of every k, with 64-bit significands. Published course material
    // prints 13.2776056…, which differs in the eighth digit.
    #expect(abs(SlowSeries.sum(over: 1..<100_000_001) - 13.277605949854025) <= 1e-12)
  }

  @Test("The slow series of one-digit numbers is a fraction")
  func fraction() {
    // 1 + 1/2 + … + 1/8 = 761/280.
    #expect(abs(SlowSeries.sum(over: 1..<10) - 761.0 / 280) <= 1e-15)
  }

  @Test(
    "The trigonometric series is the sum of cosines",
    arguments: [1..<1, 1..<2, 1..<4, 1..<258, 255..<515, 1..<100_000, 99_999_000..<100_000_001])
  func trigonometric(range: Range<Int>) {
    let expected = range.reversed().reduce(0.0) { $0 + cos(Double($1)) / Double($1) }
    #expect(abs(TrigonometricSeries.sum(over: range) - expected) <= 1e-13)
  }

  @Test("The trigonometric series converges to −ln(2 sin ½)", arguments: [1_000, 1_000_000, 20_000_000])
  func limit(terms: Int) {
    // By Abel's summation the rest after n terms is at most 1 / ((n + 1) · sin ½).
    let rest = 1 / (Double(terms + 1) * sin(0.5))
    #expect(abs(TrigonometricSeries.sum(over: 1..<terms + 1) + log(2 * sin(0.5))) <= rest)
  }

  @Test(
    "A sum does not depend on how its range is cut, beyond the tolerance", arguments: [1, 2, 3, 7, 64, 1_000])
  func parts(count: Int) {
    let range = 1..<123_457
    for series in [Series.slow, .trigonometric] {
      let reference = SumReference(of: series, terms: range, parts: count)
      let parts = Parts.of(range, count: count)
      #expect(reference.accepts(parts.map { IntervalSum(of: series).run($0) }.reduce(0, +)))
    }
  }

  @Test("A term is 0 if it has a 9, in whatever order terms are asked for")
  func term() {
    var inOrder = SlowTerm()
    var shuffled = SlowTerm()
    for k in 1..<20_000 { #expect(inOrder.run(k) == (Reference.hasNine(k) ? 0 : 1 / Double(k))) }
    for step in 1..<2000 {
      let k = step * 7919 % 10_007 * 10_007 + step
      #expect(shuffled.run(k) == (Reference.hasNine(k) ? 0 : 1 / Double(k)))
    }
    #expect(TrigonometricTerm().run(2) == cos(2) / 2)
  }

  @Test("An interval summed term by term is the same sum")
  func byHand() {
    let range = 1..<123_457
    var byHand = SlowTermsByHand()
    #expect(SumReference(of: .slow, terms: range, parts: 1).accepts(byHand.run(range)))
  }
}

@Suite("Arrays are summed in full")
struct ArraySums {
  @Test("Whole numbers are summed exactly", arguments: [0, 1, 15, 16, 17, 2_047, 2_048, 2_049, 100_003])
  func exact(count: Int) {
    let numbers = (1...max(count, 1)).prefix(count).map(Double.init)
    #expect(ArraySum.sum(Array(numbers)) == Double(count * (count + 1) / 2))
  }
}

@Suite("Ranges are cut without gap or overlap")
struct RangeParts {
  @Test(
    "The parts cover the range and differ by one at most",
    arguments: [(0, 3), (1, 3), (2, 3), (7, 3), (100, 8), (5, 1), (3, 3)])
  func cover(length: Int, count: Int) {
    let parts = Parts.of(10..<10 + length, count: count)
    #expect(parts.flatMap { Array($0) } == Array(10..<10 + length))
    #expect(parts.count == min(length, count))
    if let least = parts.map(\.count).min(), let most = parts.map(\.count).max() {
      #expect(most - least <= 1)
    }
  }
}
