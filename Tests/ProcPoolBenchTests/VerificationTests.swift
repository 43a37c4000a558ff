import Testing

@testable import BenchTasks
@testable import ProcPoolBench

@Suite("The verification of products can fail")
struct WrongProducts {
  private static let shape = MatmulShape(m: 6, l: 1_000, n: 5)

  private func check<Scalar: MatrixScalar>(
    _: Scalar.Type, spoil: (inout [Scalar], MatmulSample<Scalar>) -> Void
  ) {
    let sample = MatmulSample<Scalar>(Self.shape, seed: 3, sample: 0)
    var product = Scalar.multiply(sample.a, sample.b, m: 6, l: 1_000, n: 5)
    #expect(sample.accepts(product, at: 0..<30))
    spoil(&product, sample)
    #expect(!sample.accepts(product, at: 0..<30))
  }

  @Test("Two elements in each other's place are found")
  func swapped() {
    check(Float.self) { product, _ in product.swapAt(3, 4) }
    check(Double.self) { product, _ in product.swapAt(3, 4) }
  }

  @Test("An element that lacks one of its thousand products is found")
  func missingProduct() {
    check(Float.self) { product, sample in product[7] -= sample.a[1_000] * sample.b[2_000] }
    check(Double.self) { product, sample in product[7] -= sample.a[1_000] * sample.b[2_000] }
  }

  @Test("An element that is off by a little more than the tolerance is found, by a little less it is not")
  func limit() {
    let sample = MatmulSample<Double>(Self.shape, seed: 3, sample: 0)
    let product = Reference.product(sample.a, sample.b, m: 6, l: 1_000, n: 5)
    for (factor, accepted) in [(0.99, true), (-0.99, true), (1.01, false), (-1.01, false)] {
      var near = product
      near[12] += factor * sample.tolerance(at: 12)
      #expect(sample.accepts(near, at: 0..<30) == accepted)
    }
  }

  @Test("What is not a number is refused")
  func notANumber() {
    check(Float.self) { product, _ in product[0] = .nan }
    check(Float.self) { product, _ in product[29] = .infinity }
  }

  @Test("A result with an element too few or too many is refused")
  func count() {
    check(Float.self) { product, _ in product.removeLast() }
    check(Float.self) { product, _ in product.append(0) }
    check(Float.self) { product, _ in product = [] }
  }

  @Test("The product of another sample is refused")
  func otherSample() {
    let first = MatmulSample<Float>(Self.shape, seed: 3, sample: 0)
    let second = MatmulSample<Float>(Self.shape, seed: 3, sample: 1)
    #expect(first.a != second.a)
    #expect(!first.accepts(Float.multiply(second.a, second.b, m: 6, l: 1_000, n: 5), at: 0..<30))
  }
}

@Suite("The verification of sums can fail")
struct WrongSums {
  @Test("A sum that lacks one term is found, the smallest too", arguments: [Series.slow, .trigonometric])
  func missingTerm(series: Series) {
    let terms = 1..<1_000_002
    let reference = SumReference(of: series, terms: terms, parts: 8)
    let sum = series.sum(over: terms)
    #expect(reference.accepts(sum))
    #expect(!reference.accepts(sum - series.sum(over: 1_000_001..<1_000_002)))
    #expect(!reference.accepts(series.sum(over: 2..<1_000_002)))
    #expect(!reference.accepts(.nan))
  }

  @Test("An array's sum that lacks one number is found")
  func missingNumber() {
    var random = RandomNumbers(seed: 5)
    let numbers = random.array(count: 100_000, of: Double.self)
    let reference = SumReference(of: numbers[...], parts: 8)
    #expect(reference.accepts(ArraySum.sum(numbers)))
    #expect(!reference.accepts(ArraySum.sum(Array(numbers.dropLast()))))
    #expect(!reference.accepts(ArraySum.sum(numbers) + 0.001))
  }
}

@Suite("Samples follow from their seed")
struct Samples {
  @Test("The same seed and sample give the same numbers, others do not")
  func seeds() {
    func numbers(_ seed: UInt64, _ sample: Int) -> [Float] {
      var random = RandomNumbers(seed: seed, sample: sample)
      return random.array(count: 100, of: Float.self)
    }
    #expect(numbers(1, 0) == numbers(1, 0))
    #expect(numbers(1, 0) != numbers(1, 1))
    #expect(numbers(1, 0) != numbers(2, 0))
    #expect(numbers(1, 1) != numbers(2, 0))
  }

  @Test("Numbers fill −1 ..< 1")
  func range() {
    var random = RandomNumbers(seed: 1)
    let numbers = random.array(count: 10_000, of: Double.self)
    #expect(numbers.allSatisfy { $0 >= -1 && $0 < 1 })
    #expect(numbers.min()! < -0.99 && numbers.max()! > 0.99)
    #expect(abs(numbers.reduce(0, +)) < 300)
  }

  @Test("Bytes come in any number", arguments: [0, 1, 7, 8, 9, 1_000])
  func bytes(count: Int) {
    var random = RandomNumbers(seed: 1)
    #expect(random.bytes(count: count).count == count)
  }
}
