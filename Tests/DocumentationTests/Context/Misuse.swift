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

func asynchronousOutputs(_ pool: Pool, _ doubles: AsyncStream<Double>) async throws {
  _ = try await pool.map(NotCodable(), over: doubles)  // the task's Output must be Codable
  _ = await pool.mapResults(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imap(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapUnordered(Outcome(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapResults(Tuple(), over: doubles)  // the task's Output must be Codable
  _ = pool.imapItems(Tuple(), over: doubles)  // the task's Output must be Codable
  for try await y in pool.imap(Tuple(), over: doubles) { _ = y }  // the task's Output must be Codable
  _ = try await pool.map(Tuple(), over: pool.imap(Scale(), over: doubles))  // the task's Output must be
}

func helper<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: [T.Input]) async throws -> [T.Output] {
  try await pool.map(task, over: inputs)  // in a generic function, add `where T.Output: Codable`
}
func helper<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: AsyncStream<T.Input>) async throws -> [T.Output] {
  try await pool.map(task, over: inputs)  // in a generic function, add `where T.Output: Codable`
}
func streams<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: [T.Input], _ input: T.Input) async throws {
  for try await y in pool.imap(task, over: inputs) { _ = y }  // add `where T.Output: Codable`
  for try await y in pool.imapItems(task, over: inputs) { _ = y }  // add `where T.Output: Codable`
  _ = pool.mapAsync(task, over: inputs)  // in a generic function, add `where T.Output: Codable`
  _ = try await pool.apply(task, to: input)  // in a generic function, add `where T.Output: Codable`
  _ = pool.applyAsync(task, to: input)  // in a generic function, add `where T.Output: Codable`
  _ = try await pool.submit(task, to: input)  // in a generic function, add `where T.Output: Codable`
  _ = try await pool.broadcast(task, to: input)  // in a generic function, add `where T.Output: Codable`
}

func nothing(_ pool: Pool, _ doubles: [Double]) async throws {
  try await pool.map(Nothing(), over: doubles)  // the task returns nothing; use forEach(_:over:)
  _ = pool.mapAsync(Nothing(), over: doubles)  // the task returns nothing; use forEachAsync(_:over:)
  for try await _ in pool.imap(Nothing(), over: doubles) {}  // the task returns nothing; use forEach(_:over:)
  _ = pool.imapUnordered(Nothing(), over: doubles)  // the task returns nothing; use forEach(_:over:)
}
func nothing(_ pool: Pool, _ doubles: AsyncStream<Double>) async throws {
  try await pool.map(Nothing(), over: doubles)  // the task returns nothing; use forEach(_:over:)
  for try await _ in pool.imap(Nothing(), over: doubles) {}  // the task returns nothing; use forEach(_:over:)
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
  _ = await pool.mapResults(Nothing(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapResults(Nothing(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapItems(Nothing(), over: integers)  // the inputs are not of the type that the task takes
}
func asynchronousInputs(_ pool: Pool, _ integers: AsyncStream<Int>) async throws {
  _ = try await pool.map(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = await pool.mapResults(Scale(), over: integers)  // a sequence or an asynchronous sequence whose elements
  try await pool.forEach(Nothing(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imap(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapUnordered(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapResults(Scale(), over: integers)  // the inputs are not of the type that the task takes
  _ = pool.imapItems(Scale(), over: integers)  // the inputs are not of the type that the task takes
  for try await y in pool.imap(Scale(), over: integers) { _ = y }  // the inputs are not of the type
  _ = try await pool.mapReduce(Sum(), over: integers, startingWith: 0)  // the inputs are not of the type
  _ = pool.mapAsync(Scale(), over: integers)  // asynchronous sequences are for map(_:over:)
  _ = pool.forEachAsync(Scale(), over: integers)  // asynchronous sequences are for forEach(_:over:)
}
func noSequence(_ pool: Pool, _ double: Double) async throws {
  _ = try await pool.map(Scale(), over: double)  // `over:` needs a sequence or an asynchronous sequence
  _ = pool.imap(Scale(), over: 3)  // whose elements are of the task's `Input`
  _ = pool.mapAsync(Scale(), over: double)  // `over:` needs a sequence whose elements
  _ = try await pool.mapReduce(Sum(), over: double, startingWith: 0)  // the parameter type of its `run(_:)`
}
/// Not sendable, and otherwise right.
struct Here: AsyncSequence, AsyncIteratorProtocol {
  var unsendable: UnsafeMutablePointer<Double>
  func makeAsyncIterator() -> Here { self }
  mutating func next() async throws -> Double? { nil }
}
func unsendable(_ pool: Pool, _ here: Here) async throws {
  _ = try await pool.map(Scale(), over: here)  // type 'Here' does not conform to the 'Sendable' protocol
  _ = pool.imap(Scale(), over: here)  // type 'Here' does not conform to the 'Sendable' protocol
}
func singleInputs(_ pool: Pool, _ integer: Int) async throws {
  _ = try await pool.apply(Scale(), to: "a")  // cannot convert value of type 'String'
  _ = pool.applyAsync(Scale(), to: integer)  // cannot convert value of type 'Int' to
  _ = try await pool.submit(Scale(), to: integer)  // cannot convert value of type 'Int' to expected argument
  _ = try await pool.broadcast(Nothing(), to: integer)  // cannot convert value of type 'Int' to
}

func closures(_ pool: Pool, _ words: [String], _ stream: AsyncStream<String>) async throws {
  _ = try await pool.map(words) { $0.count }  // a closure cannot be sent to a worker
  _ = try await pool.map(over: words) { $0.count }  // a closure cannot be sent to a worker
  _ = await pool.mapResults(words) { $0.count }  // a closure cannot be sent to a worker
  try await pool.forEach(words) { print($0.count) }  // a closure cannot be sent to a worker
  _ = pool.mapAsync(words) { $0.count }  // a closure cannot be sent to a worker
  _ = pool.forEachAsync(words) { print($0.count) }  // a closure cannot be sent to a worker
  _ = pool.imap(words) { $0.count }  // a closure cannot be sent to a worker
  _ = pool.imapUnordered(words) { $0.count }  // a closure cannot be sent to a worker
  _ = pool.imapResults(words) { $0.count }  // a closure cannot be sent to a worker
  _ = pool.imapItems(words) { $0.count }  // a closure cannot be sent to a worker
  for try await x in pool.imap(words, { $0.count }) { _ = x }  // a closure cannot be sent to a worker
  _ = try await pool.map(stream) { $0.count }  // a closure cannot be sent to a worker
  try await pool.forEach(stream) { print($0.count) }  // a closure cannot be sent to a worker
  _ = pool.imap(stream) { $0.count }  // a closure cannot be sent to a worker
  _ = try await pool.mapReduce(words, startingWith: 0) { $0 + $1.count }  // that conforms to ReducingTask
}
func closuresAsTasks(_ pool: Pool, _ words: [String], _ stream: AsyncStream<String>) async throws {
  _ = try await pool.map({ (x: String) in x.count }, over: words)  // and call map(MyTask(…), over: inputs)
  _ = await pool.mapResults({ $0.count }, over: words)  // and call mapResults(MyTask(…), over: inputs)
  try await pool.forEach({ print($0.count) }, over: words)  // a closure cannot be sent to a worker
  _ = pool.mapAsync({ $0.count }, over: words)  // a closure cannot be sent to a worker
  _ = pool.forEachAsync({ print($0.count) }, over: words)  // a closure cannot be sent to a worker
  _ = pool.imap({ $0.count }, over: words)  // a closure cannot be sent to a worker
  _ = pool.imapUnordered({ $0.count }, over: words)  // a closure cannot be sent to a worker
  _ = pool.imapResults({ $0.count }, over: words)  // a closure cannot be sent to a worker
  _ = pool.imapItems({ $0.count }, over: words)  // a closure cannot be sent to a worker
  for try await x in pool.imap({ $0.count }, over: words) { _ = x }  // a closure cannot be sent to a worker
  _ = try await pool.map({ $0.count }, over: stream)  // a closure cannot be sent to a worker
  try await pool.forEach({ print($0.count) }, over: stream)  // a closure cannot be sent to a worker
  _ = pool.imap({ $0.count }, over: stream)  // a closure cannot be sent to a worker
  _ = try await pool.apply({ $0.count }, to: "a")  // and call apply(MyTask(…), to: input)
  _ = pool.applyAsync({ $0.count }, to: "a")  // a closure cannot be sent to a worker
  _ = try await pool.submit({ $0.count }, to: "a")  // a closure cannot be sent to a worker
  _ = try await pool.broadcast({ $0.count }, to: "a")  // a closure cannot be sent to a worker
  _ = try await pool.apply { words.count }  // a closure cannot be sent to a worker
  _ = pool.applyAsync { words.count }  // a closure cannot be sent to a worker
  _ = try await pool.submit { words.count }  // a closure cannot be sent to a worker
  _ = try await pool.broadcast { words.count }  // a closure cannot be sent to a worker
  _ = try await pool.mapReduce({ $0.count }, over: words, startingWith: "")  // conform to 'ReducingTask'
}
func functions(_ pool: Pool, _ doubles: [Double], _ half: @escaping @Sendable (Double) -> Double) async throws
{
  _ = pool.imap(half, over: doubles)  // a closure cannot be sent to a worker
  try await pool.forEach(half, over: doubles)  // a closure cannot be sent to a worker
  _ = try await pool.apply(half, to: 3)  // a closure cannot be sent to a worker
  _ = try await pool.map(Scale.self, over: doubles)  // type 'Scale.Type' cannot conform to 'PoolTask'
  _ = pool.imap(Scale.self, over: doubles)  // type 'Scale.Type' cannot conform to 'PoolTask'
  _ = try await pool.mapReduce(Scale(), over: doubles, startingWith: 0)  // conform to 'ReducingTask'
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

func missingLabels(_ pool: Pool, _ doubles: [Double]) async throws {
  _ = try await pool.map(Scale(), doubles)  // the label `over:` is missing: map(task, over: inputs)
  _ = try await pool.map(Scale(), [1, 2, 3])  // the label `over:` is missing
  print(try await pool.map(Scale(), [1, 2, 3]).count)  // the label `over:` is missing
  _ = await pool.mapResults(Scale(), doubles)  // the label `over:` is missing
  _ = pool.mapAsync(Scale(), doubles)  // the label `over:` is missing
  try await pool.forEach(Nothing(), doubles)  // the label `over:` is missing
  _ = pool.forEachAsync(Nothing(), doubles)  // the label `over:` is missing
  for try await y in pool.imap(Scale(), doubles) { print(y) }  // the label `over:` is missing
  _ = pool.imapUnordered(Scale(), doubles)  // the label `over:` is missing
  _ = pool.imapResults(Scale(), doubles)  // the label `over:` is missing
  _ = pool.imapItems(Scale(), doubles)  // the label `over:` is missing
  _ = try await pool.mapReduce(Sum(), doubles, startingWith: 0)  // the label `over:` is missing
  _ = try await pool.apply(Scale(), 3)  // the label `to:` is missing: apply(task, to: input)
  print(try await pool.apply(Scale(), 3))  // the label `to:` is missing
  _ = pool.applyAsync(Scale(), 3)  // the label `to:` is missing
  _ = try await pool.submit(Scale(), 3)  // the label `to:` is missing
  print(try await pool.broadcast(Scale(), 3).count)  // the label `to:` is missing
}

func missingLabelsInAPool() async throws {
  try await withPool(workers: 2) { pool in
    print(try await pool.apply(Scale(), 3))  // the label `to:` is missing
  }
  try await withPool(workers: 2) { pool in
    print(try await pool.broadcast(Scale(), 3).count)  // the label `to:` is missing
  }
  try await withPool(workers: 2) { pool in
    print(try await pool.map(Scale(), [1, 2, 3]))  // the label `over:` is missing
  }
}
