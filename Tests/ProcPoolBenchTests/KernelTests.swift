import Testing

@testable import BenchTasks
@testable import ProcPoolBench

/// One test at a time, because which kernels are used is set for all.
@Suite("The matrix kernels agree with a naive loop, those for narrower vectors too", .serialized)
struct MatrixKernels {
  /// Runs the body with the kernels for each width of vectors that the processor has.
  private func withEachKernel(_ body: () -> Void) {
    let widest = KernelVectors.bytes
    defer { KernelVectors.bytes = 64 }
    for bytes in [16, 32, 64] where bytes <= widest {
      KernelVectors.bytes = bytes
      #expect(KernelVectors.bytes == bytes)
      body()
    }
  }

  /// One, none, primes, and sizes on both sides of every tile, panel, block and group of rows.
  static let shapes: [MatmulShape] = [
    .init(m: 1, l: 1, n: 1), .init(m: 0, l: 3, n: 4), .init(m: 3, l: 0, n: 4), .init(m: 3, l: 4, n: 0),
    .init(m: 8, l: 0, n: 17), .init(m: 7, l: 11, n: 13), .init(m: 8, l: 256, n: 16),
    .init(m: 9, l: 257, n: 17),
    .init(m: 12, l: 255, n: 15), .init(m: 6, l: 31, n: 8), .init(m: 31, l: 523, n: 29),
    .init(m: 13, l: 7, n: 257), .init(m: 9, l: 300, n: 513), .init(m: 1, l: 4_099, n: 3),
    .init(m: 23, l: 2_049, n: 1), .init(m: 64, l: 64, n: 64),
    .init(m: 3, l: 1_024, n: 4), .init(m: 5, l: 1_031, n: 7), .init(m: 47, l: 2_050, n: 9),
    .init(m: 48, l: 300, n: 5), .init(m: 4, l: 1_036, n: 6), .init(m: 113, l: 260, n: 7),
    .init(m: 230, l: 1_025, n: 13), .init(m: 17, l: 513, n: 11), .init(m: 9, l: 30, n: 513),
    // Both sides of what is few rows, over several stretches.
    .init(m: 8, l: 1_541, n: 13), .init(m: 12, l: 1_541, n: 13), .init(m: 13, l: 1_541, n: 13),
  ]

  private func check<Scalar: MatrixScalar>(_ shape: MatmulShape, _: Scalar.Type) {
    var numbers = RandomNumbers(seed: 7, sample: shape.m * 31 + shape.l * 7 + shape.n)
    let a = numbers.array(count: shape.m * shape.l, of: Scalar.self)
    let b = numbers.array(count: shape.l * shape.n, of: Scalar.self)
    let c = Scalar.multiply(a, b, m: shape.m, l: shape.l, n: shape.n)
    #expect(c.count == shape.m * shape.n)
    let unit = Double(Scalar.ulpOfOne) / 2
    for i in 0..<shape.m {
      for j in 0..<shape.n {
        var sum = 0.0
        var magnitude = 0.0
        for k in 0..<shape.l {
          let product = Double(a[i * shape.l + k]) * Double(b[j * shape.l + k])
          sum += product
          magnitude += abs(product)
        }
        let roundings = Double(Scalar.roundings(ofLength: shape.l))
        let bound = (roundings * unit + Double(shape.l + 1) * 0x1p-53) * magnitude * 1.01
        #expect(abs(Double(c[i * shape.n + j]) - sum) <= bound, "\(shape), row \(i), column \(j)")
      }
    }
  }

  @Test("In single precision", arguments: shapes)
  func single(shape: MatmulShape) { withEachKernel { check(shape, Float.self) } }

  @Test("In double precision", arguments: shapes)
  func double(shape: MatmulShape) { withEachKernel { check(shape, Double.self) } }

  @Test("Whole numbers are multiplied exactly, so no element is left out or taken twice", arguments: shapes)
  func exact(shape: MatmulShape) {
    let a = (0..<shape.m * shape.l).map { Float($0 * 7 % 11 - 5) }
    let b = (0..<shape.l * shape.n).map { Float($0 * 5 % 13 - 6) }
    let expected = Reference.product(a, b, m: shape.m, l: shape.l, n: shape.n)
    let (wideA, wideB) = (a.map { Double($0) }, b.map { Double($0) })
    withEachKernel {
      let single = Float.multiply(a, b, m: shape.m, l: shape.l, n: shape.n)
      #expect(single.map { Double($0) } == expected)
      let double = Double.multiply(wideA, wideB, m: shape.m, l: shape.l, n: shape.n)
      #expect(double == expected)
    }
  }

  @Test(
    "A dot product is that of a naive loop, exactly, for whole numbers",
    arguments: [0, 1, 7, 16, 31, 2_047, 2_048, 2_049, 10_007])
  func dot(length: Int) {
    let x = (0..<length).map { $0 * 7 % 11 - 5 }
    let y = (0..<length).map { $0 * 5 % 13 - 6 }
    let expected = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    withEachKernel {
      #expect(Float.dot(x.map(Float.init), y.map(Float.init)) == Float(expected))
      #expect(Double.dot(x.map(Double.init), y.map(Double.init)) == Double(expected))
    }
  }

  @Test(
    "An infinite number makes its own row or column infinite, wherever it stands, and no other",
    arguments: [255, 259, 1_040])
  func infinite(length: Int) {
    let (m, n) = (5, 7)
    for place in Set([0, 240, 250, length - 1]) {
      let (a, b) = ([Float](repeating: 1, count: m * length), [Float](repeating: 1, count: length * n))
      var (infiniteA, infiniteB) = (a, b)
      infiniteA[2 * length + place] = .infinity
      infiniteB[3 * length + place] = .infinity
      withEachKernel {
        let rows = Float.multiply(infiniteA, b, m: m, l: length, n: n)
        let columns = Float.multiply(a, infiniteB, m: m, l: length, n: n)
        for i in 0..<m {
          for j in 0..<n {
            #expect(rows[i * n + j] == (i == 2 ? .infinity : Float(length)), "\(place)")
            #expect(columns[i * n + j] == (j == 3 ? .infinity : Float(length)), "\(place)")
          }
        }
      }
    }
  }

  @Test("The tasks compute what the kernels compute")
  func tasks() {
    let row: [Float] = [1, 2, 3]
    let b: [Float] = [1, 0, 0, 1, 1, 1]
    #expect(ElementByMessage<Float>().run(.init(row: row, column: [4, 5, 6])) == 32)
    #expect(RowByMessage<Float>().run(.init(row: row, b: b)) == [1, 6])
    #expect(RowTimesMatrix(b: b).run(row) == [1, 6])
  }
}

@Suite("The reference of products is a naive product")
struct ReferenceProduct {
  @Test("Exactly, for whole numbers", arguments: MatrixKernels.shapes)
  func exact(shape: MatmulShape) {
    let a = (0..<shape.m * shape.l).map { $0 * 7 % 11 - 5 }
    let b = (0..<shape.l * shape.n).map { $0 * 5 % 13 - 6 }
    var expected: [Double] = []
    for i in 0..<shape.m {
      for j in 0..<shape.n {
        expected.append(Double((0..<shape.l).reduce(0) { $0 + a[i * shape.l + $1] * b[j * shape.l + $1] }))
      }
    }
    let product = Reference.product(
      a.map(Double.init), b.map(Double.init), m: shape.m, l: shape.l, n: shape.n)
    #expect(product == expected)
  }
}
