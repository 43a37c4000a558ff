import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Surroundings {
  /// A task may print, read, recurse, await, start programs and use a pool of its own.
  @Suite struct Freedom {
    @Test func standardInputIsAtItsEnd() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.map(ReadInput(), over: 0..<3) == [0, 0, 0])
      }
    }

    @Test func whatATaskPrintsDoesNotDisturbItsResultsAndArrives() async throws {
      let lines = Mutex<[String]>([])
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .lines { _, line in lines.withLock { $0.append(line) } })
      ) { (pool) async throws in
        #expect(try await pool.map(Print(), over: 0..<200) == Array(0..<200))
      }
      let expected = (0..<200).flatMap { ["printed \($0)", "put \($0)", "written \($0)"] }
      #expect(lines.withLock { $0.sorted() } == expected.sorted())
    }

    @Test func aTaskHasSixMegabytesOfStack() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.apply(Recurse(), to: 6 << 20) >= 6 << 20)
      }
    }

    @Test(arguments: Kind.allCases) func aTaskAwaitsTheMainActor(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.map(AskMainActor(), over: 0..<50) == Array(0..<50))
      }
    }

    @Test(arguments: Kind.allCases) func aTaskAwaitsTasksOfItsOwn(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.map(Divide(), over: 0..<100) == Array(0..<100))
      }
    }

    @Test(arguments: Kind.allCases) func aTaskUsesAPoolOfItsOwn(_ kind: Kind) async throws {
      let inputs = [[1, 2, 3], [], [4], Array(0..<1000)]
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.map(Nest(), over: inputs) == inputs)
      }
    }

    @Test func aTaskStartsProgramsAndWaitsForThem() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let outputs = try await pool.map(RunProgram(), over: (0..<20).map { ["/bin/echo", "\($0)"] })
        #expect(outputs == (0..<20).map { "\($0)\n" })
      }
    }

    @Test func aProgramThatATaskLeavesBehindDoesNotHoldUpThePoolsEndAndEndsWithIt() async throws {
      let clock = ContinuousClock.now
      let pid = try await withPool(workers: 1, worker: .faulty) { pool in
        try await pool.apply(LeaveChild(), to: "sleep 30")
      }
      #expect(ContinuousClock.now - clock < .seconds(10))
      #expect(!Inspection.isRunning(pid))
    }

    @Test func theDeathOfAWorkerIsSeenThoughAProgramThatItStartedLives() async throws {
      let clock = ContinuousClock.now
      try await withPool(workers: 1, worker: .faulty) { pool in
        let child = try await pool.apply(LeaveChild(), to: "sleep 30")
        let error = try await poolError { try await pool.apply(DieAt([1]), to: 1) }
        #expect(error.loss?.end == .signalled(SIGKILL))
        kill(child, SIGKILL)
      }
      #expect(ContinuousClock.now - clock < .seconds(10))
    }
  }
}
