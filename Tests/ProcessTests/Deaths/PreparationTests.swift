import FaultyTasks
import ProcPool
import Testing

extension Processes.Deaths {
  /// A time limit is kept by whatever a worker does for an item.
  @Suite struct Preparations {
    enum Verb: String, CaseIterable, Sendable {
      case map, mapResults, mapAsync, forEach, imap, imapResults, apply, applyAsync, submit, broadcast,
        mapReduce
    }

    private func run(_ verb: Verb, on pool: Pool, timeout: Duration) async throws {
      let task = SlowPreparation(milliseconds: -100)
      switch verb {
      case .map: _ = try await pool.map(task, over: 0..<3, timeout: timeout)
      case .mapResults:
        for result in await pool.mapResults(task, over: 0..<1, timeout: timeout) { _ = try result.get() }
      case .mapAsync: _ = try await pool.mapAsync(task, over: 0..<3, timeout: timeout).value
      case .forEach: try await pool.forEach(task, over: 0..<3, timeout: timeout)
      case .imap: for try await _ in pool.imap(task, over: 0..<3, timeout: timeout) {}
      case .imapResults:
        for try await result in pool.imapResults(task, over: 0..<1, timeout: timeout) {
          _ = try result.get()
        }
      case .apply: _ = try await pool.apply(task, to: 0, timeout: timeout)
      case .applyAsync: _ = try await pool.applyAsync(task, to: 0, timeout: timeout).value
      case .submit: _ = try await pool.submit(task, to: 0, timeout: timeout).value
      case .broadcast: _ = try await pool.broadcast(task, to: 0, timeout: timeout)
      case .mapReduce:
        _ = try await pool.mapReduce(
          HangingSum(inPrepare: true), over: 0..<3, startingWith: 0, timeout: timeout)
      }
    }

    @Test(arguments: Verb.allCases) func oneThatHangsIsTimedOut(_ verb: Verb) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let error = try await poolError { try await run(verb, on: pool, timeout: .milliseconds(200)) }
        guard case .timedOut(let autopsy, .milliseconds(200)) = error else { throw error }
        #expect(autopsy.isPreparation && autopsy.item.index < 3 && autopsy.elapsed >= .milliseconds(200))
        #expect(autopsy.loss.cause == .timeLimit && !autopsy.loss.isThread)
        #expect(
          "\(error)".hasPrefix("preparing the task for item \(autopsy.item.index) of call 1 took longer"))
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
      }
    }

    @Test func soIsOneOnAThread() async throws {
      try await withPool(workers: 2, worker: .threads) { pool in
        let error = try await poolError {
          try await pool.apply(SlowPreparation(milliseconds: 1_500), to: 0, timeout: .milliseconds(200))
        }
        guard case .timedOut(let autopsy, _) = error else { throw error }
        #expect(autopsy.isPreparation && autopsy.loss.isThread)
        // It goes on, and leaves.
        pause(milliseconds: 1_500)
      }
    }

    @Test func theLimitIsForThePreparationAndForEachItem() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        let before = try await pool.apply(ProcessNumber(), to: 0)
        let outputs = try await pool.map(
          SlowPreparation(milliseconds: 2_000), over: [2_000, 1, 2_000], chunkSize: 3, timeout: .seconds(5))
        #expect(outputs == [2_000, 1, 2_000])
        #expect(try await pool.apply(ProcessNumber(), to: 0) == before)
      }
    }

    @Test func preparingHasALimitOfItsOwn() async throws {
      let options = CallOptions(preparationTimeout: .milliseconds(200))
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let error = try await poolError {
          try await pool.apply(SlowPreparation(milliseconds: -100), to: 0, options: options)
        }
        guard case .timedOut(let autopsy, .milliseconds(200)) = error else { throw error }
        #expect(autopsy.isPreparation && autopsy.loss.cause == .timeLimit)
        // It is not the items'.
        #expect(try await pool.apply(SlowPreparation(milliseconds: 1), to: 700, options: options) == 700)
        let early = try await poolError {
          try await pool.map(
            SlowPreparation(milliseconds: -100), over: [0], preparationTimeout: .milliseconds(100),
            options: options)
        }
        guard case .timedOut(_, .milliseconds(100)) = early else { throw early }
        // Where both are given, each has its own.
        let both = CallOptions(timeout: .milliseconds(200), preparationTimeout: .seconds(30))
        #expect(try await pool.map(SlowPreparation(milliseconds: 600), over: [1], options: both) == [1])
        let late = try await poolError {
          try await pool.map(SlowPreparation(milliseconds: 600), over: [60_000], options: both)
        }
        guard case .timedOut(let other, .milliseconds(200)) = late else { throw late }
        #expect(!other.isPreparation)
      }
    }

    @Test func combiningInAWorkerIsLimitedToo() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let error = try await poolError {
          try await pool.mapReduce(
            HangingSum(inPrepare: false), over: 0..<20, startingWith: 0, parts: 4, timeout: .milliseconds(200)
          )
        }
        guard case .timedOut(let autopsy, _) = error else { throw error }
        #expect(autopsy.item.index == 7 && !autopsy.isPreparation)
      }
    }

    @Test func oneThatTakesLongIsToldOf() async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(stallNotice: StallNotice(after: .milliseconds(100)))
      ) {
        (pool) async throws in
        let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1) } }
        #expect(try await pool.apply(SlowPreparation(milliseconds: 700), to: 1) == 1)
        pool.close()
        await pool.join()
        let stalls = await events.value.filter { if case .itemStalled = $0.kind { true } else { false } }
        #expect(stalls.count == 1, "\(stalls)")
      }
    }

    @Test func oneThatKillsItsWorkerSaysSo() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        let error = try await poolError { try await pool.apply(DeadlyPreparation(), to: 3) }
        guard case .workerLost(let autopsy) = error else { throw error }
        #expect(autopsy.isPreparation)
        #expect("\(error)".contains(", while its task was being prepared: worker 0 (pid "))
        let other = try await poolError { try await pool.apply(DieAt([3]), to: 3) }
        #expect(other.autopsy?.isPreparation == false)
      }
    }

    /// Nothing is killed, and no process is named that is the program's own.
    @Test func anAbandonedThreadIsCalledWhatItIs() async throws {
      try await withPool(workers: 1, worker: .threads) { pool in
        let events = pool.events.makeAsyncIterator()
        let error = try await poolError {
          try await pool.apply(Sleep(), to: 1_500, timeout: .milliseconds(100))
        }
        #expect(
          "\(error)" == """
            item 0 of call 1 ran for longer than 0.1 seconds in worker 0, a thread of this process; threads cannot be \
            killed, so the item keeps running, and a new worker took its place; allow more with `timeout:`
            """)
        let loss = try #require(error.autopsy?.loss)
        let words = "a thread of this process, was abandoned, because its item exceeded its time limit"
        #expect("\(loss)" == "worker 0, \(words)")
        _ = events
        pause(milliseconds: 1_500)
      }
    }
  }
}
