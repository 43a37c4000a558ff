import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Surroundings {
  /// A task may call `fork`: one worker stays one worker.
  @Suite struct Forks {
    @Test(arguments: ForkAt.Copy.allCases) func whatACopyOfAWorkerDoesChangesNothing(_ copy: ForkAt.Copy)
      async throws
    {
      let pids = try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let pids = try await pool.broadcast(ProcessNumber(), to: 0)
        // Short items, of which many are claimed at once, and answered together.
        let outputs = try await pool.map(ForkAt([0, 77, 400], copy), over: 0..<2_000)
        #expect(outputs == (0..<2_000).map { [$0] })
        // Nothing that a copy has done shows later.
        #expect(try await pool.map(Echo(), over: 0..<2_000) == Array(0..<2_000))
        #expect(try await pool.broadcast(ProcessNumber(), to: 0) == pids)
        return pids
      }
      for pid in pids { endCopies(of: pid) }
    }

    /// Kills what a worker that has ended has left in its process group.
    ///
    /// - Returns: whether there was anything.
    @discardableResult private func endCopies(of worker: Int32) -> Bool { kill(-worker, SIGKILL) == 0 }

    @Test func aCopyThatLivesOnDoesNotHideThatItsOriginalDied() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let pid = try await pool.apply(ProcessNumber(), to: 0)
        _ = try await pool.apply(ForkAt([1], .lingers), to: 1)
        let error = try await poolError { try await pool.apply(DieAt([1]), to: 1) }
        #expect(error.loss?.cause == .signal(SIGKILL), "\(error)")
        #expect(try await pool.apply(Echo(), to: 7) == 7)
        // It is in the worker's group, and ends with that.
        #expect(await eventually { Inspection.processes(inGroup: pid).isEmpty })
      }
    }
  }
}
