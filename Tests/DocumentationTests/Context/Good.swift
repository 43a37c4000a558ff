// Calls that must compile, whatever functions are declared for the compiler's messages: see `Misuse.swift`.

import ProcPool

struct Scale: PoolTask {
  var factor = 1.0
  func run(_ x: Double) -> Double { factor * x }
}
struct Echo: PoolTask { func run(_ x: Int) -> Int { x } }
struct Nothing: PoolTask { func run(_ x: Double) {} }
struct Sum: ReducingTask {
  func run(_ x: Double) -> Double { x }
  func combine(_ x: Double, into sum: inout Double) { sum += x }
}
/// A task of a task: the inputs are values that conform to `PoolTask`.
struct Meta: PoolTask { func run(_ task: Scale) -> Double { task.run(1) } }

/// Only what may be sent.
func send(_ value: some Sendable) {}
/// Only sequences that are still lazy: an array would have been made at once, and of an endless sequence never.
func stayLazy<Element>(_ stream: LocalPoolStream<Element>) {}

@MainActor enum Screen { static var shown = 0 }

@MainActor func onTheMainActor(count: Int, limit: Int?) async throws {
  try await withPool(workers: 8) { pool in
    Screen.shown += 1; _ = pool
  }
  try await withPool(workers: count * 2 + 1) { _ in }
  try await withPool(workers: .local(4) + .local(2)) { _ in Screen.shown += 1 }
  try await withPool(workers: limit.map { .local($0) } ?? .automatic) { _ in }
  let pool = try Pool(workers: count)
  let careful = CallOptions(timeout: .seconds(5), retry: .atLeastOnce(maximumAttempts: 3))
  let scaled = try await pool.map(Scale(factor: 3), over: [1, 2, 3])
  let again = try await pool.map(
    Scale(), over: pool.imap(Scale(), over: scaled), chunkSize: 64, options: careful)
  async let one = pool.apply(Scale(), to: again[0], options: careful)
  let both = try await pool.map(Scale(), over: (1...3).map(Double.init)) + [one]
  for try await x in pool.imap(Scale(), over: both.lazy.map { $0 + 1 }, timeout: .seconds(1)) { _ = x }
  _ = try await pool.map(Scale(), over: [])
  _ = try await pool.map(Scale(), over: repeatElement(3, count: 3))
  for result in await pool.mapResults(Nothing(), over: both) { try result.get() }
  for try await result in pool.imapResults(Nothing(), over: both) { try result.get() }
  for try await item in pool.imapItems(Nothing(), over: both) { try item.result.get() }
  try await pool.forEachAsync(Nothing(), over: both).value

  let numbers = AsyncStream<Double> { $0.finish() }
  _ = try await pool.map(Scale(), over: numbers, timeout: .seconds(1))
  _ = try await pool.mapReduce(Sum(), over: numbers.map { $0 + 1 }, startingWith: 0)
  try await pool.forEach(Nothing(), over: pool.imap(Scale(), over: numbers, inFlight: 3))
  for result in try await pool.mapResults(Nothing(), over: numbers) { try result.get() }
  for try await result in pool.imapResults(Nothing(), over: numbers) { try result.get() }
  for try await item in pool.imapItems(Nothing(), over: numbers) { try item.result.get() }
  for try await item in pool.imapItems(Scale(), over: pool.imap(Scale(), over: [1, 2].map { $0 / 2 })) {
    _ = item
  }

  stayLazy(pool.imap(Echo(), over: (1...).lazy.map { $0 * count }))
  stayLazy(pool.imap(Echo(), over: (1...).lazy.filter { $0 > count }))
  stayLazy(pool.imap(Echo(), over: (1...).lazy.compactMap { $0 > count ? $0 : nil }))
  stayLazy(pool.imapUnordered(Echo(), over: (1...).lazy.prefix { $0 < count }))
  stayLazy(pool.imapResults(Echo(), over: zip(1..., 1...).lazy.map { $0 + $1 }))
  stayLazy(pool.imapItems(Scale(), over: (1...).lazy.flatMap { [Double($0), 0] }))
  send(pool.imap(Echo(), over: 1...))
  send(pool.imap(Echo(), over: [1, 2].dropFirst()))
  send(pool.imap(Echo(), over: sequence(first: 1) { $0 + 1 }))
  send(pool.imap(Echo(), over: (1..<9).reversed()))
  send(pool.imapItems(Echo(), over: pool.imap(Echo(), over: stride(from: 0, to: 9, by: 3))))
  let erased: any AsyncSequence<Int, any Error> & Sendable = pool.imap(Echo(), over: 1..<3)
  send(erased)
}

func inAFunction<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: [T.Input]) async throws -> [T.Output]
where T.Output: Codable {
  _ = try await pool.apply(task, to: inputs[0])
  for try await output in pool.imapUnordered(task, over: inputs) { _ = output }
  return try await pool.map(task, over: inputs)
}

func generically<T: PoolTask, S: AsyncSequence<T.Input, any Error> & Sendable>(
  _ pool: Pool, _ task: T, _ inputs: S, _ array: [T.Input]
) async throws where T.Output: Codable {
  _ = try await pool.map(task, over: inputs)
  _ = pool.imapItems(task, over: inputs)
  _ = pool.applyAsync(task, to: array[0])
  _ = try await pool.submit(task, to: array[0]).value
  _ = try await pool.broadcast(task, to: array[0])
  _ = try await pool.map(Meta(), over: [Scale(), Scale(factor: 3)])
  // Without the constraint there are the verbs that need no output.
  try await withoutOutputs(pool, task, array)
}
func withoutOutputs<T: PoolTask>(_ pool: Pool, _ task: T, _ inputs: [T.Input]) async throws {
  try await pool.forEach(task, over: inputs)
  try await pool.forEach(task, over: AsyncStream { $0.finish() })
  try await pool.forEachAsync(task, over: inputs).value
}
