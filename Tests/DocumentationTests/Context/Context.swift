// What blocks of code in the documentation take for granted: a name that a reader understands without seeing what it is.

import Foundation
import ProcPool

struct Scale: PoolTask {
  var factor: Double
  func run(_ x: Double) -> Double { factor * x }
}

struct Square: PoolTask {
  func run(_ x: Int) -> Int { x * x }
}

struct Power: PoolTask {
  var exponent: Int
  func run(_ base: Int) -> Int { (0..<exponent).reduce(1) { product, _ in product * base } }
}

struct Term: ReducingTask {
  func run(_ k: Int) -> Double { 1 / Double(k * k) }
  func combine(_ term: Double, into sum: inout Double) { sum += term }
}

struct Render: PoolTask {
  func run(_ scene: Int) -> [UInt8] { [UInt8](repeating: UInt8(scene), count: 100) }
}
let scenes = Array(0..<10)

struct Area: PoolTask {
  func run(_ shape: [Double]) -> Double { shape[0] * shape[1] }
}
let shape = [2.0, 3]

/// What a worker builds for itself.
struct Index {
  init(_ path: String) throws {}
  subscript(word: String) -> Int { word.count }
}

struct Fill: PoolTask {
  var numbers: SharedArray<Double>
  init(_ numbers: SharedArray<Double>) { self.numbers = numbers }
  func run(_ range: Range<Int>) { numbers.withMutableSpan(range) { $0.update(repeating: 1) } }
}
let parts = stride(from: 0, to: 1_000_000, by: 1_000).map { $0..<$0 + 1_000 }

struct RowInPlace: PoolTask {
  var a: [Double]
  var b: [Double]
  var c: SharedMatrix<Double>
  func run(_ row: Int) { c[row, 3] = a[0] * b[0] }
}
let a = [2.0]
let b = [3.0]

let task = Scale(factor: 2)
let inputs = [1.0, 2, 3]
let numbers = Array(0..<1_000)
let bases = [2.0, 3]
let exponents = [3, 2]

let total = try! LockedValue(0.0)
let part = 1.0
func recompute() -> Double { 0 }
let histogram = try! LockedArray(repeating: 0, count: 10)
let found = 3

/// A number in four bytes, and one in two.
nonisolated(unsafe) let bytes = {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 6, alignment: 1)
  memory.copyBytes(from: [7, 0, 0, 0, 0xAC, 2] as [UInt8])
  return UnsafeRawBufferPointer(memory)
}()

func log(_ text: String) {}
var isGoodEnough: Bool { true }
func improve() {}
