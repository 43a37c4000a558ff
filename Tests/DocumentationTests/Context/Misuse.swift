// Mistakes in the use of a pool. Each is on a line of its own, whose comment is a part of the compiler's message. A test
// compiles the file and expects these errors and no others.

import ProcPool

/// With two initialisers, which is where the compiler found nothing to say about a wrong type.
struct Scale: PoolTask {
  var factor = 2.0
  func run(_ x: Double) -> Double { factor * x }
}
struct Sum: ReducingTask {
  func run(_ x: Double) -> Double { x }
  func combine(_ x: Double, into sum: inout Double) { sum += x }
}
struct Point: Sendable { var x = 0.0 }
struct Oops: Error {}
struct NotCodable: PoolTask { func run(_ x: Double) -> Point { Point(x: x) } }
struct Tuple: PoolTask { func run(_ x: Double) -> (Double, Int) { (x, 1) } }
struct Outcome: PoolTask { func run(_ x: Double) -> Result<Double, Oops> { .success(x) } }
struct Perhaps: PoolTask { func run(_ x: Double) -> Point? { nil } }
struct Nothing: PoolTask { func run(_ x: Double) {} }

func outputs(_ pool: Pool, _ doubles: [Double]) async throws {
  _ = try await pool.map(NotCodable(), over: doubles)  // the task's Output must be Codable
  _ = try await pool.map(Tuple(), over: doubles)  // tuples and Result are not: return a struct
  _ = try await pool.map(Outcome(), over: doubles)  // tuples and Result are not: return a struct
  _ = try await pool.map(Perhaps(), over: doubles)  // the task's Output must be Codable
  _ = try await pool.map(Tuple(), over: doubles.lazy.map { $0 + 1 })  // the task's Output must be Codable
  _ = await pool.mapResults(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.mapAsync(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imap(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapUnordered(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapResults(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapItems(Tuple(), over: doubles)  // the task's Output must be Codable
  for try await y in pool.imap(Tuple(), over: doubles) { _ = y }  // the task's Output must be Codable
  _ = try await pool.apply(NotCodable(), to: 3)  // the task's Output must be Codable
  _ = pool.applyAsync(Tuple(), to: 3)  // the task's Output must be Codable
  _ = try await pool.submit(Tuple(), to: 3)  // the task's Output must be Codable
  _ = try await pool.broadcast(Tuple(), to: 3)  // the task's Output must be Codable
}

func helper<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: [T.Input]) async throws -> [T.Output] {
  try await pool.map(task, over: inputs)  // in a generic function, add `where T.Output: Codable`
}

func nothing(_ pool: Pool, _ doubles: [Double]) async throws {
  try await pool.map(Nothing(), over: doubles)  // the task returns nothing; use forEach(_:over:)
  _ = pool.mapAsync(Nothing(), over: doubles)  // the task returns nothing; use forEachAsync(_:over:)
  for try await _ in pool.imap(Nothing(), over: doubles) {}  // the task returns nothing; use forEach(_:over:)
  _ = pool.imapUnordered(Nothing(), over: doubles)  // the task returns nothing; use forEach(_:over:)
}

func inputs(_ pool: Pool, _ integers: [Int]) async throws {
  _ = try await pool.map(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = try await pool.map(Scale(), over: ["a"])  // the inputs are not of the type that the task takes
  _ = try await pool.map(Scale(), over: 0..<10)  // the inputs are not of the type that the task takes
  _ = try await pool.map(Scale(), over: Set(integers))  // the inputs are not of the type that the task takes
  _ = try await pool.map(Scale(), over: integers.lazy.map { $0 })  // the inputs are not of the type
  _ = await pool.mapResults(Scale(), over: integers)  // the inputs are not of the type that the task takes
  try await pool.forEach(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.mapAsync(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.forEachAsync(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imap(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapUnordered(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapResults(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapItems(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = try await pool.mapReduce(Sum(), over: ["a"], startingWith: 0)  // the inputs are not of the type
  _ = try await pool.apply(Scale(), to: "a")  // cannot convert value of type 'String' to expected
}

func closures(_ pool: Pool, _ doubles: [Double]) async throws {
  _ = try await pool.map({ (x: Double) in x * 2 }, over: doubles)  // a closure cannot be sent to a worker
  _ = try await pool.map(doubles) { $0 * 2 }  // a closure cannot be sent to a worker
  _ = try await pool.map(over: doubles) { $0 * 2 }  // a closure cannot be sent to a worker
}

func calls(_ pool: Pool, _ doubles: [Double]) async throws {
  _ = pool.map(Scale(), over: doubles)  // expression is 'async' but is not marked with 'await'
  _ = try await pool.map(Scale(), over: doubles, timeout: 3)  // cannot convert value of type 'Int' to
  _ = try await pool.map(Scale(), over: doubles, chunksize: 3)  // incorrect argument label
}

func matrix(_ matrix: SharedMatrix<Double>) {
  matrix.withSpan(0..<2) { _ = $0.count }  // say that these are lines: withSpan(ofLines:)
  matrix.withMutableSpan(0..<2) { $0[0] = 1 }  // say that these are lines: withMutableSpan(ofLines:)
}
