import BenchTasks
import Foundation
import ProcPool

/// Concurrent calls on one pool whose workers are disturbed at random.
struct ChaosRound {
  let workers: Int
  var random: RandomNumbers

  /// The verbs that a round can use.
  enum Verb: CaseIterable {
    case mapResults, map, imap, imapResults, applyAsync, mapReduce, broadcast, cancelled
  }

  /// One call: the verb, the number of items, and the maximum number of attempts at each item.
  struct Call {
    var verb: Verb
    var items: Int
    var chunkSize: Int?
    var attempts: Int
    var longest: Int
    var begun: SharedArray<UInt32>

    var task: Unruly { Unruly(begun: begun, longest: longest) }
    var retry: RetryPolicy { attempts == 1 ? .atMostOnce : .atLeastOnce(maximumAttempts: attempts) }
  }

  /// The time limit of a round, much longer than any round takes: at most two thousand items of
  /// eight milliseconds.
  private static let patience = Duration.seconds(120)

  /// More retries than the disturber can cause in a round.
  private static let unlimited = 10_000

  /// Runs the round in its own pool, and adds the results to the tally.
  mutating func run(_ tally: inout ChaosTally) async throws {
    let recycles = Bool.random(using: &random)
    let pool = try Self.makePool(
      workers: workers, maximumTasks: recycles ? Int.random(in: 1...40, using: &random) : nil,
      seed: random.next())
    let disturber = Disturber()
    let watching = Task { [events = pool.events] in await disturber.watch(events) }
    try await run(in: pool, disturber, &tally)
    pool.close()
    await pool.join()
    await watching.value
    disturber.report(to: &tally)
  }

  /// Creates a pool that kills the workers of cancelled items early.
  static func makePool(workers: Int, maximumTasks: Int?, seed: UInt64) throws -> Pool {
    // Swift's backtracer takes a second to report a crash. A second signal during that time makes
    // it wait for a minute, until it is killed.
    let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    return try Pool(
      workers: workers, worker: BenchContext.worker,
      configuration: PoolConfiguration(
        environment: .exactly(environment), standardError: .discarded,
        recycling: RecyclingPolicy(items: maximumTasks),
        cancellation: CancellationGrace(
          beforeTermination: .milliseconds(50), beforeKill: .milliseconds(50)), seed: seed))
  }

  /// Runs the calls of the round, and adds the results to the tally.
  mutating func run(in pool: Pool, _ disturber: Disturber, _ tally: inout ChaosTally) async throws {
    var calls: [Call] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) { calls.append(try makeCall()) }
    let disturbing = Task {
      [
        random, pause = Int.random(in: 2_000...60_000, using: &self.random),
        stops = Bool.random(using: &self.random)
      ] in
      await disturber.disturb(pause: pause, stops: stops, random)
    }
    let watching = Task {
      do { try await Task.sleep(for: Self.patience) } catch { return }
      disturber.account.withLock { $0.unexpected.append("a round did not end within \(Self.patience)") }
      pool.terminate()
    }
    defer { watching.cancel() }
    var breaches: [String] = []
    await withTaskGroup(of: [String].self) { group in
      for call in calls { group.addTask { await Self.perform(call, on: pool) } }
      for await found in group { breaches += found }
    }
    disturbing.cancel()
    await disturbing.value
    // Without disturbances the pool must work normally. A process whose crash is being reported may
    // take a while to end.
    let quiet = await Result {
      try await pool.map(Increment(), over: 0..<100, retry: .atLeastOnce(maximumAttempts: Self.unlimited))
    }
    if (try? quiet.get()) != Array(1...100) {
      breaches.append("the pool does not work after the round: \(quiet)")
    }
    tally.rounds += 1
    tally.items += calls.reduce(0) { $0 + $1.items }
    tally.cancelledCalls += calls.count { $0.verb == .cancelled }
    tally.breaches += breaches.map { "round \(tally.rounds): \($0)" }
  }

  private mutating func makeCall() throws -> Call {
    let verb = Verb.allCases.randomElement(using: &random)!
    let items = verb == .broadcast ? workers : Int.random(in: 1...600, using: &random)
    // These verbs throw the first failure, which would hide the results of the other items.
    let mustSucceed = [.map, .imap, .mapReduce, .broadcast].contains(verb)
    return Call(
      verb: verb, items: items, chunkSize: [nil, nil, 1, 3, 40].randomElement(using: &random)!,
      attempts: mustSucceed || Bool.random(using: &random)
        ? Self.unlimited : Int.random(in: 1...2, using: &random),
      longest: [200, 2_000, 8_000].randomElement(using: &random)!,
      begun: try SharedArray(repeating: 0, count: items))
  }

  /// Runs a call.
  ///
  /// - Returns: the violations.
  private static func perform(_ call: Call, on pool: Pool) async -> [String] {
    let inputs = 0..<call.items
    var results: [Result<Int, any Error>] = []
    do {
      switch call.verb {
      case .mapResults:
        results = await pool.mapResults(
          call.task, over: inputs, chunkSize: call.chunkSize, retry: call.retry
        ).map { $0.mapError { $0 } }
      case .map:
        results = try await pool.map(call.task, over: inputs, chunkSize: call.chunkSize, retry: call.retry)
          .map { .success($0) }
      case .imap:
        for try await output in pool.imap(
          call.task, over: inputs, chunkSize: call.chunkSize, retry: call.retry)
        {
          results.append(.success(output))
        }
      case .imapResults:
        for try await result in pool.imapResults(
          call.task, over: inputs, chunkSize: call.chunkSize, retry: call.retry)
        {
          results.append(result.mapError { $0 })
        }
      case .applyAsync:
        let handles = inputs.map { pool.applyAsync(call.task, to: $0, retry: call.retry) }
        for handle in handles { results.append(await handle.result) }
      case .mapReduce:
        let sum = try await pool.mapReduce(
          UnrulySum(call.task), over: inputs, startingWith: 0, parts: 50, retry: call.retry)
        let expected = inputs.reduce(0) { $0 &+ Unruly.answer($1) }
        return sum == expected ? [] : ["mapReduce returned \(sum) instead of \(expected)"]
      case .broadcast:
        let outputs = try await pool.broadcast(call.task, to: 0, retry: call.retry)
        let expected = Array(repeating: Unruly.answer(0), count: call.items)
        return outputs == expected ? [] : ["broadcast returned \(outputs)"]
      case .cancelled:
        let running = Task { try await pool.map(call.task, over: inputs, retry: call.retry) }
        try? await Task.sleep(for: .milliseconds(20))
        running.cancel()
        _ = await running.result
        return []
      }
    } catch {
      return ["\(call.verb) of \(call.items) items: \(error)"]
    }
    return check(results, of: call)
  }

  /// Returns the violations in the results of a call. Every item must have ended exactly once, with
  /// its own value or for an expected reason, and within its number of attempts.
  static func check(_ results: [Result<Int, any Error>], of call: Call) -> [String] {
    var breaches: [String] = []
    if results.count != call.items {
      breaches.append("\(call.verb) of \(call.items) items returned \(results.count) results")
    }
    for (item, result) in results.enumerated() {
      let begun = Int(call.begun[item])
      switch result {
      case .success(let answer):
        if answer != Unruly.answer(item) { breaches.append("\(call.verb): item \(item) returned \(answer)") }
        if !(1...call.attempts).contains(begun) {
          breaches.append("\(call.verb): item \(item) was started \(begun) times")
        }
      case .failure(PoolError.workerLost(let autopsy)):
        if autopsy.attempt != call.attempts || autopsy.item.index != (call.verb == .applyAsync ? 0 : item) {
          breaches.append("\(call.verb): item \(item) failed before its last attempt: \(autopsy)")
        }
        // The worker may have died before the item's first instruction.
        if begun > call.attempts { breaches.append("\(call.verb): item \(item) was started \(begun) times") }
      case .failure(let error): breaches.append("\(call.verb): item \(item): \(error)")
      }
    }
    return breaches
  }
}

extension Result where Failure == any Error {
  /// Creates the result of the body: its value, or the error that it throws.
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
