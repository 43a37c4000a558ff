import FaultyTasks
import Foundation
import ProcPool
import Synchronization
import Testing

extension Processes.Deaths {
  /// A worker that dies costs the item that it was running, and no other.
  @Suite struct Losses {
    /// Dying by a trap takes Swift's backtracer a second unless it is told not to.
    private static var environment: [String: String] {
      ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }

    private static let deaths: [(Death, ProcessEnd)] = [
      (.signal(SIGKILL), .signalled(SIGKILL)), (.signal(SIGTERM), .signalled(SIGTERM)),
      (.signal(SIGSEGV), .signalled(SIGSEGV)), (.exit(0), .exited(status: 0)), (.exit(3), .exited(status: 3)),
      (.overflow, .signalled(SIGSEGV)), (.trap, .signalled(SIGILL)),
    ]

    /// What a death looks like from outside: a trap's signal differs between processors.
    private func isExpected(_ end: ProcessEnd, of death: Death, _ expected: ProcessEnd) -> Bool {
      death == .trap ? [.signalled(SIGILL), .signalled(SIGTRAP)].contains(end) : end == expected
    }

    @Test(arguments: deaths) func aWorkerThatDiesMidTaskFailsOnlyThatItem(_ death: Death, _ end: ProcessEnd)
      async throws
    {
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(environment: .exactly(Self.environment), standardError: .discarded)
      ) { (pool) async throws in
        for size in [1, 8, 50] {
          let results = await pool.mapResults(DieAt([21], by: death), over: 0..<50, chunkSize: size)
          for index in 0..<50 where index != 21 {
            #expect(try results[index].get() == index, "chunk size \(size)")
          }
          guard case .failure(.workerLost(let autopsy)) = results[21] else {
            Issue.record("\(results[21])")
            continue
          }
          let loss = autopsy.loss
          #expect(autopsy.item.index == 21)
          #expect(isExpected(loss.end, of: death, end), "\(loss.end)")
          #expect(loss.violation == nil)
          #expect(!Inspection.isRunning(loss.pid))
        }
        #expect(pool.statistics.workersLost == 3)
      }
    }

    @Test func theErrorNamesItemProcessSignalAndLastLines() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { pool in
        let pids = try await pool.broadcast(ProcessNumber(), to: 0)
        let task = DieAt([3], by: .signal(SIGTERM), saying: ["reading the file", "all is lost"])
        let error = try await poolError { try await pool.map(task, over: 0..<6, chunkSize: 2) }
        let loss = try #require(error.loss, "\(error)")
        #expect(loss.pid == pids[loss.worker.index])
        #expect(loss.standardError == "reading the file\nall is lost")
        let words = "\(error)"
        #expect(words.contains("item 3 of call 2 was lost"))
        #expect(words.contains("(pid \(loss.pid)) ended with signal 15 (SIGTERM)"))
        #expect(words.contains("| all is lost"))
      }
    }

    @Test func aTrapsMessageIsInTheError() async throws {
      // With Swift's backtracer as the user has it.
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { pool in
        let error = try await poolError { try await pool.apply(DieAt([3], by: .trap), to: 3) }
        #expect(
          error.loss?.standardError.contains("Fatal error: the task has had enough") == true, "\(error)")
        #expect("\(error)".contains("the task has had enough"))
      }
    }

    @Test func finishedItemsOfAChunkAreKeptAndRunOnce() async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let task = NoteAndDie(path: scratch.file("notes"), item: 900)
        let results = await pool.mapResults(task, over: 0..<1000, chunkSize: 1000)
        for index in 0..<1000 where index != 900 { #expect(try results[index].get() == index) }
        #expect(results[900].failure?.loss != nil)
      }
      #expect(scratch.lines("notes").compactMap { Int($0) } == Array(0..<1000))
    }

    @Test func aDeadWorkerIsReplaced() async throws {
      try await withPool(workers: 3, worker: .faulty) { pool in
        let before = try await pool.broadcast(ProcessNumber(), to: 0)
        let error = try await poolError { try await pool.apply(DieAt([1]), to: 1) }
        let dead = try #require(error.loss, "\(error)")
        let after = try await pool.broadcast(ProcessNumber(), to: 0)
        #expect(Set(after).count == 3)
        for index in 0..<3 { #expect((before[index] == after[index]) == (index != dead.worker.index)) }
      }
    }

    @Test func aWorkerThatIsKilledWhileIdleIsReplacedAndCostsNothing() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        for _ in 0..<5 {
          let pids = try await pool.broadcast(ProcessNumber(), to: 0)
          kill(pids[0], SIGKILL)
          #expect(await eventually { !Inspection.isRunning(pids[0]) })
          #expect(await eventually { Inspection.children()[pids[0]] == nil })
          let outputs = try await pool.map(Echo(), over: 0..<100)
          #expect(outputs == Array(0..<100))
          let after = try await pool.broadcast(ProcessNumber(), to: 0)
          #expect(after[0] != pids[0] && after[1] == pids[1])
        }
      }
    }

    @Test func allWorkersKilledAtOnceAreReplaced() async throws {
      try await withPool(workers: 3, worker: .faulty) { pool in
        for round in 0..<5 {
          let pids = try await pool.broadcast(ProcessNumber(), to: 0)
          let running = Task { await pool.mapResults(Delay(milliseconds: 2), over: 0..<150, chunkSize: 5) }
          try await Task.sleep(for: .milliseconds(30 * round))
          for pid in pids { kill(pid, SIGKILL) }
          let results = await running.value
          var lost = 0
          for (index, result) in results.enumerated() {
            switch result {
            case .success(let value): #expect(value == index)
            case .failure(let error):
              #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
              lost += 1
            }
          }
          #expect(results.count == 150)
          #expect(lost <= 3)
        }
      }
    }

    @Test func manyItemsOfOneCallMayKillTheirWorkers() async throws {
      let seed = Seed()
      var numbers = seed.numbers
      let bad = Set((0..<12).map { _ in Int.random(in: 0..<300, using: &numbers) })
      try await withPool(workers: 3, worker: .faulty) { pool in
        for size in [1, 20, nil] {
          let results = await pool.mapResults(DieAt(bad), over: 0..<300, chunkSize: size)
          for (index, result) in results.enumerated() {
            switch result {
            case .success(let value): #expect(value == index && !bad.contains(index), "\(seed)")
            case .failure(let error):
              #expect(
                bad.contains(index) && error.loss != nil && error.item?.index == index, "\(seed) \(error)")
            }
          }
        }
      }
    }

    @Test func aPreparationThatKillsIsNotTriedForEver() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let results = await pool.mapResults(DeadlyPreparation(), over: 0..<10, chunkSize: 1)
        for result in results { #expect(result.failure?.loss != nil, "\(result)") }
        let outputs = try await pool.map(Echo(), over: 0..<10)
        #expect(outputs == Array(0..<10))
      }
    }

    @Test func aTaskValueOrAnInputThatKillsWhoDecodesItCostsItsItems() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let failures = await pool.mapResults(FragileTask(Fragile(1, .deadly)), over: 0..<6, chunkSize: 2)
        for result in failures { #expect(result.failure?.loss != nil, "\(result)") }
        let inputs = (0..<20).map { Fragile($0, $0 == 7 ? .deadly : .none) }
        let results = await pool.mapResults(Receive(), over: inputs, chunkSize: 5)
        for index in 0..<20 where index != 7 { #expect(try results[index].get() == index) }
        #expect(results[7].failure?.loss != nil, "\(results[7])")
      }
    }

    @Test(arguments: [0, 5], Lie.allCases) func aWorkerThatBreaksTheProtocolIsKilledAndReplaced(
      item: Int, _ lie: Lie
    ) async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { (pool) async throws in
        let clock = ContinuousClock.now
        let results = await pool.mapResults(BreakPipes(at: item, by: lie), over: 0..<20, chunkSize: 4)
        #expect(ContinuousClock.now - clock < .seconds(10))
        for index in 0..<20 where index != item { #expect(try results[index].get() == index) }
        let loss = try #require(results[item].failure?.loss, "\(results[item])")
        // Without its pipes it may end by itself, before it is killed for closing them.
        #expect(loss.violation != nil || lie == .silence, "\(loss)")
        let outputs = try await pool.map(Echo(), over: 0..<100)
        #expect(outputs == Array(0..<100))
      }
    }

    /// Outputs that fill a pipe several times over, and outputs of which one write takes many.
    @Test(arguments: [3_000_000, 20_000, 64]) func workersKilledWhileTheyWriteCostOneItemEach(
      bytes: Int
    ) async throws {
      let seed = Seed()
      var numbers = seed.numbers
      let items = min(20_000, 200_000_000 / bytes)
      let expected = [UInt8](repeating: 7, count: bytes)
      try await withPool(workers: 2, worker: .faulty) { pool in
        let pids = try await pool.broadcast(ProcessNumber(), to: 0)
        let running = Task {
          await pool.mapResults(
            Inflate(), over: repeatElement(bytes, count: items), chunkSize: max(1, items / 100))
        }
        for pid in pids {
          try await Task.sleep(for: .microseconds(Int.random(in: 1_000...40_000, using: &numbers)))
          kill(pid, SIGKILL)
        }
        var lost = 0
        for result in await running.value {
          switch result {
          case .success(let output): #expect(output == expected, "\(seed)")
          case .failure(let error):
            #expect(error.loss?.end == .signalled(SIGKILL), "\(seed) \(error)")
            lost += 1
          }
        }
        #expect(lost <= 2, "\(seed)")
      }
    }

    @Test func aWorkerThatCannotDieIsKilled() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for _ in 0..<2 {
          let error = try await poolError { try await pool.apply(LoseMainThread(), to: 60_000) }
          #expect(error.loss?.violation?.contains("it was dying") == true, "\(error)")
        }
        #expect(try await pool.apply(Echo(), to: 3) == 3)
      }
    }

    @Test func linesOfStandardErrorGoWhereTheyShould() async throws {
      let lines = Mutex<[String]>([])
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .lines { worker, line in lines.withLock { $0.append("\(worker): \(line)") } })
      ) { pool in
        let task = DieAt([1], saying: ["one", "", "two"])
        let first = try await poolError { try await pool.apply(task, to: 1) }
        let second = try await poolError { try await pool.apply(task, to: 1) }
        #expect(first.loss?.standardError == "one\n\ntwo")
        #expect(second.loss?.standardError == "one\n\ntwo")
      }
      let expected = ["worker 0: one", "worker 0: ", "worker 0: two"]
      #expect(lines.withLock { $0 } == expected + expected)
    }

    @Test func aFloodOnStandardErrorHoldsUpNothing() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { pool in
        let outputs = try await pool.map(Flood(bytes: 1 << 20), over: 0..<8, chunkSize: 1)
        #expect(outputs == Array(0..<8))
      }
    }
  }
}

extension Result {
  /// The error, if it is one.
  var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
