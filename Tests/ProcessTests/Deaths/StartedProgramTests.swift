import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
  /// What a task has started ends with its worker, however that ends.
  @Suite struct StartedPrograms {
    /// How a worker ends.
    enum Ending: String, CaseIterable, Sendable {
      case crash, kill, exit, timeLimit, deadline, cancellation, termination, close, recycling
    }

    /// The programs that were started, by their numbers in the file.
    private func programs(_ scratch: Scratch) -> [Int32] {
      scratch.lines("programs").compactMap { Int32($0) }
    }

    @Test(arguments: [StartProgram.Way.inGroup, .inOwnGroup, .orphaned, .unnoticed], Ending.allCases)
    func aProgramThatATaskStartsEndsWithItsWorker(_ way: StartProgram.Way, _ ending: Ending) async throws {
      let scratch = Scratch()
      let file = scratch.file("programs")
      let recycled: Int? = ending == .recycling ? 1 : nil
      let grace = CancellationGrace(beforeTermination: .milliseconds(20), beforeKill: .milliseconds(20))
      let pool = try Pool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .discarded, recycling: RecyclingPolicy(items: recycled), cancellation: grace))
      // The limits below are for the item: on a busy machine a worker takes long to start.
      if recycled == nil { _ = try await pool.apply(Echo(), to: 0) }
      func run(_ end: StartProgram.End, timeout: Duration? = nil, deadline: Duration? = nil) -> TaskHandle<
        Int
      > {
        pool.applyAsync(
          StartProgram(way, end, file: file), to: 1, timeout: timeout, deadline: deadline)
      }
      // The program has to be started within it.
      let limit = Duration.seconds(1)
      let handle =
        switch ending {
        case .crash: run(.traps)
        case .kill: run(.isKilled)
        case .exit: run(.exits)
        case .timeLimit: run(.runsOn, timeout: limit)
        case .deadline: run(.runsOn, deadline: limit)
        case .cancellation, .termination: run(.runsOn)
        case .close, .recycling: run(.returns)
        }
      #expect(await eventually { !programs(scratch).isEmpty })
      // The check can see something.
      if ending == .termination { #expect(programs(scratch).allSatisfy(Inspection.isRunning)) }
      if ending == .cancellation { handle.cancel() }
      if ending == .termination { pool.terminate() }
      let isSuccess = [.close, .recycling].contains(ending)
      #expect(await (try? handle.value) == (isSuccess ? 1 : nil))
      pool.close()
      await pool.join()
      let left = programs(scratch).filter(Inspection.isRunning)
      #expect(left.isEmpty, "left running: \(left)")
      for pid in left { kill(pid, SIGKILL) }
    }

    /// Also if the worker is stopped then, so that the kernel hangs up on it.
    @Test(
      arguments: [StartProgram.Way.inGroup, .inOwnGroup, .orphaned, .unnoticed],
      [StartProgram.End.returns, .runsOn, .stops])
    func itEndsWhenTheCoordinatorIsKilled(_ way: StartProgram.Way, _ end: StartProgram.End) async throws {
      let scratch = Scratch()
      let coordinator = try Coordinator("started", way.rawValue, scratch.file("programs"), end.rawValue)
      if end == .stops {
        #expect(await eventually { coordinator.workers.contains(where: Inspection.isStopped) })
      }
      #expect(programs(scratch).count == 1)
      #expect(programs(scratch).allSatisfy(Inspection.isRunning))
      _ = await coordinator.end(by: SIGKILL)
      #expect(
        await eventually(within: .seconds(5)) { !programs(scratch).contains(where: Inspection.isRunning) })
      for pid in programs(scratch) where Inspection.isRunning(pid) { kill(pid, SIGKILL) }
    }

    @Test func aProgramInASessionOfItsOwnOutlivesItsWorker() async throws {
      let scratch = Scratch()
      let file = scratch.file("programs")
      try await withPool(workers: 1, worker: .faulty) { pool in
        _ = try await pool.apply(StartProgram(.inOwnSession, .returns, file: file), to: 1)
      }
      let program = try #require(programs(scratch).first)
      // `setsid` may start another for it.
      let sessions = Inspection.processes(inGroup: program) + [program]
      #expect(sessions.contains(where: Inspection.isRunning))
      for pid in sessions { kill(pid, SIGKILL) }
    }
  }
}
