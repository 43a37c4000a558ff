import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes {
  /// A task may call `fork`: one worker stays one worker.
  @Suite struct Forks {
    @Test(arguments: ForkAt.Copy.allCases) func whatACopyOfAWorkerDoesChangesNothing(_ copy: ForkAt.Copy)
      async throws
    {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let pids = try await pool.broadcast(ProcessNumber(), 0)
        // Short items, of which many are claimed at once, and answered together.
        let outputs = try await pool.map(ForkAt([0, 77, 400], copy), over: 0..<2_000)
        #expect(outputs == (0..<2_000).map { [$0] })
        // Nothing that a copy has done shows later.
        #expect(try await pool.map(Echo(), over: 0..<2_000) == Array(0..<2_000))
        #expect(try await pool.broadcast(ProcessNumber(), 0) == pids)
      }
    }

    @Test func aCopyThatLivesOnDoesNotHideThatItsOriginalDied() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        _ = try await pool.apply(ForkAt([1], .lingers), to: 1)
        let start = ContinuousClock.now
        let error = try await poolError { try await pool.apply(DieAt([1]), to: 1) }
        #expect(error.loss?.cause == .signal(SIGKILL), "\(error)")
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(try await pool.apply(Echo(), to: 7) == 7)
      }
    }
  }
}
