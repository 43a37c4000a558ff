import Glibc
import Testing

@testable import ProcPoolBench

import struct Foundation.Data
import class Foundation.FileManager

/// A file made of a header's text and numbers, as NumPy lays them out.
private func file(
  _ text: String, version: UInt8 = 1, _ numbers: [UInt8]
) -> [UInt8] {
  let length = text.utf8.count
  let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + Array(text.utf8) + numbers
}

private func bytes<Number>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

/// Reads bytes by way of a file.
private func read(_ bytes: [UInt8]) throws -> NumPyFile {
  let path = Scratch.path()
  defer { try? FileManager.default.removeItem(at: path) }
  try Data(bytes).write(to: path)
  return try NumPyFile(contentsOf: path.path)
}

private func refusal(_ bytes: [UInt8]) -> String? {
  do {
    _ = try read(bytes)
    return nil
  } catch {
    return "\(error)"
  }
}

extension NumPyFile {
  fileprivate var doubles: [Double]? {
    if case .f64(let numbers) = numbers { numbers } else { nil }
  }
}

@Suite("NumPy's files are read and written, and whatever else is refused")
struct NumPyFiles {
  private static let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"

  @Test("Every version, either order, and what Python 2 wrote are read", arguments: [1, 2, 3] as [UInt8])
  func versions(version: UInt8) throws {
    let numbers = [1.5, -2, 3, 4, 5, 6]
    let matrix = try read(file(Self.header, version: version, bytes(numbers)))
    #expect(matrix.shape == [2, 3])
    #expect(!matrix.isColumnMajor)
    #expect(matrix.doubles == numbers)
    let long = version < 3 ? "L" : ""
    let other = "{'shape': (3\(long), 2\(long)), \"descr\": \"<f4\",'fortran_order':True}   \n"
    let columnMajor = try read(file(other, version: version, bytes([1, 2, 3, 4, 5, 6] as [Float])))
    #expect(columnMajor.shape == [3, 2])
    #expect(columnMajor.isColumnMajor)
    guard case .f32([1, 2, 3, 4, 5, 6]) = columnMajor.numbers else {
      Issue.record("\(columnMajor.numbers)")
      return
    }
  }

  @Test("Arrays of no dimension, of one and of none of its elements are read")
  func shapes() throws {
    let single = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }"
    #expect(try read(file(single, bytes([7.0]))).doubles == [7])
    let line = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
    #expect(try read(file(line, bytes([7.0, 8]))).shape == [2])
    let none = "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9), }"
    #expect(try read(file(none, [])).doubles == [])
  }

  @Test("What is written is read back, with the numbers at a multiple of 64 bytes")
  func roundTrip() throws {
    for shape in [[2, 3], [6], [1, 1, 6], [6, 1_000_000_000, 0]] {
      let numbers = shape.contains(0) ? [] : [1, 2, 3, 4, 5, Double.pi]
      let written = NumPyFile(name: "C", shape: shape, .f64(numbers)).bytes
      #expect((written.count - 8 * numbers.count).isMultiple(of: 64))
      let back = try read(written)
      #expect(back.shape == shape && back.doubles == numbers && !back.isColumnMajor)
    }
  }

  @Test(
    "Another type is refused by its name",
    arguments: [
      "'>f8'", "'<i8'", "'|b1'", "'<f2'", "'<c16'", "'|O'", "'<U3'", "[('a', '<f8'), ('b', '<i2')]",
    ])
  func types(type: String) throws {
    let text = "{'descr': \(type), 'fortran_order': False, 'shape': (1,), }"
    let message = try #require(refusal(file(text, bytes([1.0]))))
    #expect(message.contains("of type \(type.hasPrefix("'") ? String(type.dropFirst().dropLast()) : type);"))
    #expect(message.contains("a file that np.save writes for a little-endian array of float32 or float64"))
  }

  @Test("Numbers too few, too many or more than there can be are refused")
  func counts() throws {
    let numbers = bytes([1.0, 2, 3, 4, 5, 6])
    for count in [0, 8, 40, 47, 49, 56, 96] {
      let wrong = (numbers + numbers).prefix(count)
      let words = refusal(file(Self.header, Array(wrong)))
      #expect(words?.contains("but its header declares f64 of shape (2, 3)") == true)
    }
    for shape in ["(4611686018427387904, 4)", "(9223372036854775807,)", "(3037000500, 3037000500, 9)"] {
      let text = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
      #expect(refusal(file(text, numbers))?.contains("but its header declares f64 of shape (") == true)
    }
  }

  @Test(
    "A damaged header is refused",
    arguments: [
      "", "{", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': 1, 'shape': (1,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1 1)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': 1}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '<f8, 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [, 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} and more",
    ])
  func damagedHeaders(text: String) {
    #expect(refusal(file(text, bytes([1.0])))?.contains("damaged header") == true)
  }

  @Test(
    "No prefix of a file and none with a byte changed is taken for another array, and none ends the program")
  func mutations() throws {
    let numbers = [1.0, 2, 3, 4, 5, 6]
    let good = NumPyFile(name: "C", shape: [2, 3], .f64(numbers)).bytes
    let start = good.count - 48
    for count in 0..<good.count { #expect(refusal(Array(good[..<count])) != nil) }
    let seed = UInt64.random(in: .min ... .max)
    var random = RandomNumbers(seed: seed)
    for _ in 0..<2_000 {
      var bad = good
      bad[Int(random.next() % UInt64(start))] = UInt8(truncatingIfNeeded: random.next())
      guard let array = try? read(bad) else { continue }
      // Spaces may be others, and one bit makes 2 × 3 a 6-element shape.
      #expect(array.shape.reduce(1, *) * 8 == 48 || array.doubles == nil, "seed \(seed)")
    }
  }

  @Test("What is no file of numbers is refused")
  func noFiles() {
    for path in ["/dev/null", "/tmp", "/nonexistent/A.npy", "/proc/self/exe"] {
      #expect(throws: NumPyFile.Unusable.self) { try NumPyFile(contentsOf: path) }
    }
    #expect(refusal(Array("PK\u{3}\u{4} and so on".utf8))?.contains("np.savez") == true)
    #expect(refusal(file(Self.header, version: 9, bytes([1.0])))?.contains("not in NumPy's format") == true)
  }
}

@Suite("Data of the user's is what the benchmark can compute with and check")
struct OwnDataTests {
  private func matrix(_ rows: Int, _ columns: Int, _ numbers: [Double]? = nil) -> NumPyFile {
    NumPyFile(
      name: "M", shape: [rows, columns], .f64(numbers ?? (0..<rows * columns).map { Double($0) }))
  }

  @Test("Either order of either matrix gives the same factors")
  func orders() throws {
    // 2 × 3 and 3 × 2, as they lie in C order and in F order.
    let a = [1.0, 2, 3, 4, 5, 6]
    let aByColumns = [1.0, 4, 2, 5, 3, 6]
    let b = [7.0, 8, 9, 10, 11, 12]
    let bByColumns = [7.0, 9, 11, 8, 10, 12]
    func own(_ numbers: [Double], _ shape: String, isColumnMajor: Bool) throws -> NumPyFile {
      let order = isColumnMajor ? "True" : "False"
      return try read(
        file("{'descr': '<f8', 'fortran_order': \(order), 'shape': \(shape), }", bytes(numbers)))
    }
    for (x, xByColumns) in [(a, false), (aByColumns, true)] {
      for (y, yByColumns) in [(b, false), (bByColumns, true)] {
        let matrices = try OwnMatrices(
          own(x, "(2, 3)", isColumnMajor: xByColumns), own(y, "(3, 2)", isColumnMajor: yByColumns))
        guard case .f64(let factors) = matrices.factors else {
          Issue.record("\(matrices.factors)")
          return
        }
        #expect(factors.a == a && factors.b == bByColumns)
        #expect(factors.shape == MatmulShape(m: 2, l: 3, n: 2))
      }
    }
  }

  @Test("A matrix of more rows and columns than a tile is transposed as one of fewer is")
  func transposition() {
    for (rows, columns) in [(1, 1), (1, 100), (100, 1), (31, 33), (64, 32), (70, 101)] {
      let numbers = (0..<rows * columns).map { Float($0) }
      let transposed = OwnMatrices.transposed(numbers, rows: rows, columns: columns)
      for row in 0..<rows {
        for column in 0..<columns {
          #expect(transposed[column * rows + row] == numbers[row * columns + column])
        }
      }
    }
  }

  @Test("Matrices that have no product, or none that could be checked, are refused")
  func refused() {
    let pairs: [(NumPyFile, NumPyFile, String)] = [
      (matrix(2, 3), matrix(2, 3), "a second matrix with 3 rows"),
      (matrix(0, 3), matrix(3, 2), "nothing to compute"), (matrix(2, 0), matrix(0, 2), "nothing to compute"),
      (matrix(1, 1, [.nan]), matrix(1, 1), "the element nan at index 0"),
      (matrix(1, 2), matrix(2, 1, [0, .infinity]), "the element inf at index 1"),
      (matrix(1, 1, [1e200]), matrix(1, 1, [1e200]), "too large for f64"),
      (matrix(1, 1), NumPyFile(name: "S", shape: [1, 1], .f32([1])), "different types"),
      (matrix(1, 1), NumPyFile(name: "S", shape: [1], .f64([1])), "which has two dimensions"),
      (matrix(1_000_000, 1), matrix(1, 1_000_000), "not enough memory"),
    ]
    for (a, b, reason) in pairs {
      let error = #expect(throws: NumPyFile.Unusable.self) { try OwnMatrices(a, b) }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("accepted: ") == true)
    }
  }

  @Test("Arrays that have no sum, or none that could be checked, are refused")
  func refusedArrays() {
    for (numbers, reason) in [
      ([], "no numbers"), ([1, .nan], "the element nan"), ([1e308, 1e308], "too large"),
    ] as [([Double], String)] {
      let error = #expect(throws: NumPyFile.Unusable.self) {
        try OwnArray(NumPyFile(name: "X", shape: [numbers.count], .f64(numbers)))
      }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
  }

  @Test("Products of numbers so small that they vanish are accepted, and wrong ones among them are not")
  func subnormals() {
    let factors = MatmulFactors<Float>(
      shape: MatmulShape(m: 1, l: 3, n: 1), a: [1e-30, 1e-30, 1e-22], b: [1e-30, -1e-30, 1e-20])
    let sample = MatmulSample(factors)
    #expect(sample.accepts(Float.multiply(factors.a, factors.b, m: 1, l: 3, n: 1), at: 0..<1))
    // Their squares vanish, and the norms do not.
    let tiny = MatmulFactors<Double>(
      shape: MatmulShape(m: 1, l: 2, n: 1), a: [1e-170, 3e-170], b: [1.7e100, 1e100])
    #expect(abs(tiny.rowNorms[0] / 1e-170 - 10.0.squareRoot()) < 1e-12)
    let product = Double.multiply(tiny.a, tiny.b, m: 1, l: 2, n: 1)
    #expect(MatmulSample(tiny).accepts(product, at: 0..<1))
    #expect(!MatmulSample(tiny).accepts([product[0] * 1.001], at: 0..<1))
    #expect(!sample.accepts([Float(sign: .plus, exponent: -130, significand: 1)], at: 0..<1))
  }
}

@Suite("The benchmark runs on files of the user's", .timeLimit(.minutes(5)))
struct OwnFiles {
  /// Writes matrices, runs the benchmark on them, and returns what it wrote.
  private func product(_ a: NumPyFile, _ b: NumPyFile) async throws -> (Program.Outcome, NumPyFile?) {
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = ["A", "B", "C", "X"].map { folder.appendingPathComponent("\($0).npy") }
    try Data(a.bytes).write(to: paths[0])
    try Data(b.bytes).write(to: paths[1])
    try Data(a.bytes).write(to: paths[3])
    let outcome = try await Program.run([
      "bench", "--quick", "--repeat", "1", "--workers", "2", "--matrix", paths[0].path, "--matrix",
      paths[1].path, "--array", paths[3].path, "--output", paths[2].path, "--details",
    ])
    return (outcome, try? NumPyFile(contentsOf: paths[2].path))
  }

  @Test("Every strategy is right on them, and the product is written")
  func small() async throws {
    let a = NumPyFile(name: "A", shape: [3, 2], .f64([1, 2, 3, 4, 5, 6]))
    let b = NumPyFile(name: "B", shape: [2, 4], .f64([1, 0, 2, -1, 0, 1, 3, 10]))
    let (outcome, c) = try await product(a, b)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)
    #expect(c?.shape == [3, 4])
    #expect(c?.doubles == [1, 2, 8, 19, 3, 4, 18, 37, 5, 6, 28, 55])
    for strategy in [
      "elements", "rows", "rows-b-once", "elements-in-place", "rows-in-place", "blocks-in-place",
    ] {
      #expect(outcome.output.contains(" \(strategy) "))
    }
    #expect(outcome.output.contains("own, f64, 3 × 2 · 2 × 4"))
    #expect(outcome.output.contains("own, f64, 6 numbers"))
    #expect(!outcome.output.contains("low-l"))
    #expect(outcome.output.contains("\nown matrices ") && outcome.output.contains("\nown array "))
  }

  @Test("Of products too big to be sent whole by element, parts are measured, and all of it in place")
  func big() async throws {
    var random = RandomNumbers(seed: 5)
    let a = NumPyFile(name: "A", shape: [3, 27_000], .f64(random.array(count: 81_000, of: Double.self)))
    let b = NumPyFile(name: "B", shape: [27_000, 200], .f64(random.array(count: 5_400_000, of: Double.self)))
    let (outcome, c) = try await product(a, b)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("own, f64, 3 of 3 rows"))
    #expect(outcome.output.contains("of 600 elements"))
    #expect(c?.shape == [3, 200])
  }
}
