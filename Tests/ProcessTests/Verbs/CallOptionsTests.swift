import FaultyTasks
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// Every verb takes its options as arguments, as a value, or as both.
  @Suite struct OptionsAsAValue {
    enum Verb: String, CaseIterable, Sendable {
      case apply, applyAsync, submit, broadcast, map, mapAsync, mapResults, forEach, forEachAsync
      case imap, imapUnordered, imapResults, imapItems, lazyImap, mapReduce
      case asyncMap, asyncMapResults, asyncForEach, asyncImap, asyncImapUnordered, asyncImapResults
      case asyncImapItems

      /// Runs a task that sleeps for as many milliseconds as its input says, with `value` and an argument.
      func run(_ milliseconds: Int, timeout: Duration? = nil, _ value: CallOptions, on pool: Pool)
        async throws
      {
        let inputs = [milliseconds]
        let stream = AsyncStream { continuation in
          for input in inputs { continuation.yield(input) }
          continuation.finish()
        }
        let task = Sleep()
        switch self {
        case .apply: _ = try await pool.apply(task, to: milliseconds, timeout: timeout, options: value)
        case .applyAsync:
          _ = try await pool.applyAsync(task, to: milliseconds, timeout: timeout, options: value).value
        case .submit:
          _ = try await pool.submit(task, to: milliseconds, timeout: timeout, options: value).value
        case .broadcast:
          _ = try await pool.broadcast(task, to: milliseconds, timeout: timeout, options: value)
        case .map: _ = try await pool.map(task, over: inputs, timeout: timeout, options: value)
        case .mapAsync:
          _ = try await pool.mapAsync(task, over: inputs, timeout: timeout, options: value).value
        case .mapResults:
          for result in await pool.mapResults(task, over: inputs, timeout: timeout, options: value) {
            _ = try result.get()
          }
        case .forEach: try await pool.forEach(task, over: inputs, timeout: timeout, options: value)
        case .forEachAsync:
          try await pool.forEachAsync(task, over: inputs, timeout: timeout, options: value).value
        case .imapItems:
          for try await item in pool.imapItems(task, over: inputs, timeout: timeout, options: value) {
            _ = try item.result.get()
          }
        case .lazyImap:
          let lazy = inputs.lazy.map { $0 }
          for try await _ in pool.imap(task, over: lazy, timeout: timeout, options: value) {}
        case .asyncImapItems:
          for try await item in pool.imapItems(task, over: stream, timeout: timeout, options: value) {
            _ = try item.result.get()
          }
        case .imap: for try await _ in pool.imap(task, over: inputs, timeout: timeout, options: value) {}
        case .imapUnordered:
          for try await _ in pool.imapUnordered(task, over: inputs, timeout: timeout, options: value) {}
        case .imapResults:
          for try await result in pool.imapResults(task, over: inputs, timeout: timeout, options: value) {
            _ = try result.get()
          }
        case .mapReduce:
          _ = try await pool.mapReduce(
            SleepingSum(milliseconds: milliseconds), over: inputs, startingWith: 0, timeout: timeout,
            options: value)
        case .asyncMap: _ = try await pool.map(task, over: stream, timeout: timeout, options: value)
        case .asyncMapResults:
          for result in try await pool.mapResults(task, over: stream, timeout: timeout, options: value) {
            _ = try result.get()
          }
        case .asyncForEach: try await pool.forEach(task, over: stream, timeout: timeout, options: value)
        case .asyncImap: for try await _ in pool.imap(task, over: stream, timeout: timeout, options: value) {}
        case .asyncImapUnordered:
          for try await _ in pool.imapUnordered(task, over: stream, timeout: timeout, options: value) {}
        case .asyncImapResults:
          for try await result in pool.imapResults(task, over: stream, timeout: timeout, options: value) {
            _ = try result.get()
          }
        }
      }
    }

    private static let short = Duration.milliseconds(100)

    private func limit(_ body: () async throws -> Void) async throws -> Duration {
      guard case .timedOut(_, let limit) = try await poolError(body) else { return .zero }
      return limit
    }

    @Test(arguments: Verb.allCases) func everyVerbTakesThem(_ verb: Verb) async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let inValue = try await limit {
          try await verb.run(60_000, CallOptions(timeout: Self.short), on: pool)
        }
        #expect(inValue == Self.short)
        let inBoth = try await limit {
          try await verb.run(60_000, timeout: Self.short, CallOptions(timeout: .seconds(1_000)), on: pool)
        }
        #expect(inBoth == Self.short)
        // The argument counts, also if it is the longer one.
        try await verb.run(300, timeout: .seconds(1_000), CallOptions(timeout: .milliseconds(20)), on: pool)
      }
    }

    @Test func everyOptionOfTheValueCounts() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let told = Mutex(0)
        let options = CallOptions(
          chunkSize: 7, retry: .atLeastOnce(maximumAttempts: 3),
          backoff: .constant(.milliseconds(1), maximumAttempts: 2),
          progress: .callback(every: .zero) { progress in told.withLock { $0 = progress.done } })
        let before = pool.statistics.chunksSent
        #expect(try await pool.map(Echo(), over: 0..<70, options: options) == Array(0..<70))
        #expect(pool.statistics.chunksSent - before == 10)
        #expect(told.withLock { $0 } == 70)
        let fragile = DieBeforeAttempt(3, items: [5])
        #expect(try await pool.apply(fragile, to: 5, options: options) == 3)
        let error = try await poolError {
          try await pool.apply(fragile, to: 5, retry: .atMostOnce, options: options)
        }
        #expect(error.autopsy?.attempt == 1)
        #expect(try await pool.apply(ThrowBeforeAttempt(2, items: [5]), to: 5, options: options) == 2)
        let late = try await poolError {
          try await pool.map(Sleep(), over: [60_000], options: CallOptions(deadline: Self.short))
        }
        guard case .deadlineExceeded(limit: Self.short) = late else { throw late }
        // As many inputs are taken as may be in flight, and one for the consumer.
        let taken = Mutex(0)
        let inputs = (0..<1_000).lazy.map { input in
          taken.withLock { $0 += 1 }
          return input
        }
        var iterator = pool.imap(Echo(), over: inputs, options: CallOptions(chunkSize: 1, inFlight: 4))
          .makeAsyncIterator()
        #expect(try await iterator.next() == 0)
        #expect(taken.withLock { $0 } <= 5)
      }
    }
  }
}
