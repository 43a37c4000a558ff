import FaultyTasks
import Foundation
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Surroundings {
  /// A worker uses no more of the machine than it may.
  @Suite struct Limits {
    @Test func anItemThatAsksForTooMuchMemoryIsLostAndTheReportSaysWhy() async throws {
      let limits = WorkerLimits(memory: .mebibytes(128))
      // Swift's backtracer, if there is one, would need memory that there is not.
      let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          environment: .exactly(environment), standardError: .discarded, limits: limits)
      ) {
        (pool) async throws in
        #expect(try await pool.apply(FillMemory(), to: 1 << 20) == 1 << 20)
        for bytes in [150 << 20, 8 << 30] {
          let error = try await poolError { try await pool.apply(FillMemory(), to: bytes) }
          #expect(error.loss?.cause == .memoryLimit(128 << 20), "\(error)")
        }
        // What is shared does not count.
        let array = try SharedArray(repeating: 1, count: 17 << 20)
        #expect(try await pool.apply(SumShared(), to: array) == 17 << 20)
      }
    }

    @Test func anItemThatUsesTooMuchProcessorTimeIsLostAndTheReportSaysWhy() async throws {
      let limits = WorkerLimits(processorTime: .milliseconds(700))
      try await withPool(workers: 1, worker: .faulty, configuration: PoolConfiguration(limits: limits)) {
        (pool) async throws in
        let error = try await poolError { try await pool.apply(Spin(), to: 30_000) }
        #expect(error.loss?.cause == .processorTimeLimit, "\(error)")
        #expect(try await pool.apply(Echo(), to: 5) == 5)
      }
    }

    @Test func nicenessAndProcessorsAreTheWorkers() async throws {
      let own = nice(0)
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(limits: WorkerLimits(niceness: 7, processors: [0]))
      ) { (pool) async throws in
        let allowances = try await pool.broadcast(FindAllowance(), to: 0)
        #expect(allowances == Array(repeating: Allowance(niceness: 7, processors: "0"), count: 2))
      }
      #expect(nice(0) == own)
    }

    @Test func whatTheSystemRefusesIsReported() async throws {
      let error = try await poolError {
        try await withPool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(limits: WorkerLimits(processors: [100_000]))
        ) { pool in
          try await pool.apply(Echo(), to: 1)
        }
      }
      let failure = try #require(error.startFailure, "\(error)")
      let words = "cannot apply the pool's worker limits (`WorkerLimits`): sched_setaffinity"
      #expect(failure.standardError.contains(words), "\(error)")
    }
  }

  /// Random numbers belong to items, not to workers.
  @Suite struct RandomNumbers {
    private func numbers(_ workers: Int, seed: UInt64, _ kind: Kind = .processes) async throws -> [[UInt64]] {
      try await withPool(workers: workers, worker: kind.worker, configuration: PoolConfiguration(seed: seed))
      { pool in
        try await pool.map(Draw(count: 4), over: repeatElement(0, count: 200))
          + pool.map(Draw(count: 4), over: repeatElement(0, count: 10), chunkSize: 3)
      }
    }

    @Test func theyAreTheSameForAnyNumberOfWorkers() async throws {
      let one = try await numbers(1, seed: 5)
      #expect(try await numbers(3, seed: 5) == one)
      #expect(try await numbers(2, seed: 5, .threads) == one)
      // No two items have the same, and each number of an item is another.
      #expect(Set(one).count == 210 && Set(one.joined()).count == 840)
      #expect(Set(try await numbers(1, seed: 6)).isDisjoint(with: one))
    }

    @Test func theyAreTheSameInEveryAttempt() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let outputs = try await pool.map(
          DrawAndDie(), over: 0..<3, chunkSize: 3, retry: .atLeastOnce(maximumAttempts: 2))
        let drawn = try await withPool(workers: 1, worker: .faulty) {
          try await $0.map(DrawAndDie(), over: 0..<3, retry: .atLeastOnce(maximumAttempts: 2))
        }
        #expect(outputs == drawn)
      }
    }
  }

  /// What workers write goes where the pool's owner wants it.
  @Suite struct Words {
    @Test(arguments: [1, 5, 40]) func eachItemsWordsAreItsOwn(_ chunkSize: Int) async throws {
      let told = Mutex<[Int: [String]]>([:])
      try await withPool(
        workers: 3, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .items { item, _, words in
            told.withLock { $0[item.index, default: []].append(words) }
          })
      ) { (pool) async throws in
        #expect(try await pool.map(Speak(lines: 3), over: 0..<100, chunkSize: chunkSize) == Array(0..<100))
      }
      let expected = (0..<100).map { ["\($0):0\n\($0):1\n\($0):2\n\($0)."] }
      #expect(told.withLock { told in (0..<100).map { told[$0] ?? [] } } == expected)
    }

    @Test func theWordsOfAnItemThatDiesArePartOfBoth() async throws {
      let told = Mutex<[String]>([])
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .items { item, worker, words in
            told.withLock { $0.append("\(item.index) \(worker): \(words)") }
          })
      ) { (pool) async throws in
        let results = await pool.mapResults(DieAt([1], saying: ["one", "two"]), over: 0..<3, chunkSize: 3)
        #expect(results[1].failure?.loss?.standardError == "one\ntwo")
      }
      #expect(told.withLock { $0 } == ["1 worker 0: one\ntwo\n"])
    }

    @Test func aFloodIsCutAndHoldsUpNothing() async throws {
      let lengths = Mutex<[Int]>([])
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .items { _, _, words in lengths.withLock { $0.append(words.utf8.count) } })
      ) { (pool) async throws in
        #expect(try await pool.map(Flood(bytes: 8 << 20), over: 0..<4, chunkSize: 1) == Array(0..<4))
      }
      #expect(lengths.withLock { $0 }.count == 4)
      #expect(
        lengths.withLock { $0 }.allSatisfy { $0 >= 1 << 20 && $0 <= 2 << 20 }, "\(lengths.withLock { $0 })")
    }

    @Test func aPrefixSaysWhichWorkerSpeaks() async throws {
      let run = try Coordinator.run("prefixed")
      #expect(run.status == 0)
      let lines = run.errors.split(separator: "\n").sorted()
      #expect(
        lines
          == [
            "[worker 0] 0:0", "[worker 0] 0:1", "[worker 0] 0.", "[worker 1] 0:0", "[worker 1] 0:1",
            "[worker 1] 0.",
          ].sorted())
    }
  }

  /// An item that runs for long is told of, with its worker.
  @Suite struct Stalls {
    @Test func anItemThatRunsForLongIsToldOfOnce() async throws {
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(stallNotice: StallNotice(after: .milliseconds(200)))
      ) {
        (pool) async throws in
        let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1) } }
        let outputs = try await pool.map(Sleep(), over: [1, 1, 1, 900, 1], chunkSize: 2)
        #expect(outputs == [1, 1, 1, 900, 1])
        pool.close()
        await pool.join()
        let stalls = await events.value.compactMap { event in
          if case .itemStalled(let item, let worker, let elapsed, let stack) = event.kind {
            #expect(stack.isEmpty)
            return (item, worker, elapsed)
          }
          return nil
        }
        #expect(stalls.count == 1, "\(stalls)")
        #expect(stalls.first?.0.index == 3 && (0..<2).contains(stalls.first?.1.index ?? 9))
        #expect(stalls.first.map { $0.2 >= .milliseconds(200) && $0.2 < .milliseconds(900) } == true)
      }
    }

    /// While it computes, while the system works for it, and while it waits for what never comes.
    @Test(arguments: StallWays.allCases) func whatItIsDoingIsToldIfWanted(_ way: StallWays) async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          stallNotice: StallNotice(after: .milliseconds(100), includesStack: true))
      ) { (pool) async throws in
        let told = Mutex<[StackFrame]?>(nil)
        let watching = Task { [events = pool.events] in
          for await event in events {
            if case .itemStalled(_, _, _, let stack) = event.kind { told.withLock { $0 = stack } }
          }
        }
        defer { watching.cancel() }
        // An item that is looked at goes on as if nothing had been.
        let task = StallInside(way: way)
        #expect(try await pool.apply(task, to: 700) >= 700)
        // Names take a while to be found.
        #expect(await eventually { told.withLock { $0 != nil } })
        let stack = told.withLock { $0 ?? [] }
        let names = stack.compactMap(\.function)
        #expect(names.contains { $0.contains("StallInside.(spend in") }, "\(stack)")
        #expect(
          names.contains { $0.contains("WorkerSession.serve") || $0.contains("ServeExecutor.run") },
          "\(stack)")
        #expect(stack.contains { $0.image == "FaultyWorker" })
      }
    }

    @Test func aWorkerOnAThreadIsToldOfWithoutWhatItIsDoing() async throws {
      try await withPool(
        workers: 1, worker: .threads,
        configuration: PoolConfiguration(
          stallNotice: StallNotice(after: .milliseconds(50), includesStack: true))
      ) { (pool) async throws in
        let events = Task { [events = pool.events] () -> [StackFrame]? in
          for await event in events { if case .itemStalled(_, _, _, let stack) = event.kind { return stack } }
          return nil
        }
        _ = try await pool.apply(Sleep(), to: 400)
        pool.close()
        await pool.join()
        #expect(await events.value == [])
      }
    }
  }
}
