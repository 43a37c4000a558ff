import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Deaths {
  /// A crash ends with its worker, its report and its coordinator, whichever ends first.
  @Suite struct CrashReports {
    @Test func aSignalThatSomebodySendsEndsTheWorkerOnceItIsReported() async throws {
      try await withCrash(reportedBy: .runtime) { worker, reporter, item in
        let error = try await poolError { try await item.value }
        #expect(error.loss?.end == .signalled(SIGSEGV), "\(error)")
        #expect(error.loss?.cause == .invalidAccess)
        #expect(error.loss?.backtrace?.isEmpty == false)
        #expect(await eventually { !Inspection.isRunning(reporter) })
      }
    }

    @Test func theReporterOfAWorkerThatIsKilledMeanwhileGoesWithIt() async throws {
      try await withCrash(reportedBy: .endless) { worker, reporter, item in
        kill(worker, SIGKILL)
        let error = try await poolError { try await item.value }
        #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
        // What it crashed by says more than what cut that short.
        #expect(error.loss?.cause == .invalidAccess)
        #expect(await eventually { !Inspection.isRunning(reporter) })
      }
    }

    @Test func anItemWhoseTimeIsUpWhileItsCrashIsReportedHasCrashed() async throws {
      try await withCrash(reportedBy: .endless, timeout: .seconds(1)) { _, reporter, item in
        let error = try await poolError { try await item.value }
        guard case .timedOut(let autopsy, _) = error else { throw error }
        #expect(autopsy.loss.cause == .invalidAccess)
        #expect(await eventually { !Inspection.isRunning(reporter) })
      }
    }

    /// Where a script starts it in the background, it ignores `SIGQUIT`, and the runtime leaves that alone.
    @Test(arguments: ["INT QUIT", ""])
    func theWorkerAndTheReporterGoWithTheirCoordinator(ignoring signals: String) async throws {
      let scratch = Scratch()
      let script = "trap '' \(signals); exec \"$@\""
      let setting = "SWIFT_BACKTRACE=\(Reporter.endless.setting(scratch))"
      let coordinator = try Coordinator(
        "sleeping", through: ["/bin/sh", "-c", script, "sh", "/usr/bin/env", setting])
      let worker = coordinator.workers[0]
      kill(worker, SIGSEGV)
      let reporter = await reporter(of: worker)
      let (_, _, delay) = await coordinator.end(by: SIGKILL)
      #expect(delay < .seconds(1))
      #expect(await eventually { reporter.map(Inspection.isRunning) == false })
    }

    @Test func aCrashOfACopyThatATaskHasMadeIsItsOwnAffair() async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          environment: .exactly(Reporter.runtime.environment(Scratch())), standardError: .discarded)
      ) { (pool) async throws in
        let worker = try await pool.apply(ProcessNumber(), to: 0)
        #expect(try await pool.apply(CrashInCopy(), to: 0) == SIGSEGV)
        #expect(try await pool.apply(ProcessNumber(), to: 0) == worker)
        let error = try await poolError { try await pool.apply(DieAt([1]), to: 1) }
        #expect(error.loss?.cause == .signal(SIGKILL), "\(error)")
      }
    }

    @Test func threadsThatCrashTogetherAreOneCrash() async throws {
      for _ in 0..<5 {
        try await withPool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(
            environment: .exactly(Reporter.runtime.environment(Scratch())), standardError: .discarded)
        ) { (pool) async throws in
          let worker = try await pool.apply(ProcessNumber(), to: 0)
          let item = pool.applyAsync(CrashTogether(), to: 4)
          _ = try #require(await reporter(of: worker))
          let guards = Inspection.children(of: worker).filter { $0.value.hasPrefix("procpool-guard") }
          #expect(guards.count == 1)
          // The report's author is in it.
          #expect(Inspection.group(of: worker) == worker)
          let error = try await poolError { try await item.value }
          #expect(error.loss?.end == .signalled(SIGSEGV), "\(error)")
          #expect(error.loss?.cause == .invalidAccess)
          #expect(await eventually { Inspection.processes(inGroup: worker).isEmpty })
          #expect(await eventually { !guards.keys.contains(where: Inspection.isRunning) })
          #expect(try await pool.apply(Echo(), to: 2) == 2)
        }
      }
    }
  }
}

/// A crash that takes for ever to report is an end all the same.
///
/// Not among `Processes`, whose tests may take a minute each: that is how long a crash may take. `make
/// thorough` runs it by itself.
@Suite(
  .serialized, .leavesNothing, .timeLimit(.minutes(5)),
  .enabled(if: getenv("PROCPOOL_PATIENT") != nil, "see make thorough"))
struct CrashReportsThatDoNotEnd {
  @Test func areCutOff() async throws {
    try await withCrash(reportedBy: .endless) { _, reporter, item in
      let error = try await poolError { try await item.value }
      #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
      #expect(error.loss?.cause == .invalidAccess)
      #expect(error.loss?.standardError.contains("did not come to an end") == true)
      #expect(error.autopsy.map { $0.elapsed > .seconds(60) && $0.elapsed < .seconds(90) } == true)
      #expect(await eventually { !Inspection.isRunning(reporter) })
    }
  }
}

/// Who reports a crash.
private enum Reporter {
  /// Swift's own backtracer.
  case runtime
  /// A program in its place that does not come to an end.
  case endless

  /// What `SWIFT_BACKTRACE` has to be.
  func setting(_ scratch: Scratch) -> String {
    switch self {
    case .runtime: return "enable=yes"
    case .endless:
      let program = scratch.file("reporter", containing: "#!/bin/sh\nexec sleep 1000\n", mode: 0o700)
      return "enable=yes,swift-backtrace=\(program)"
    }
  }

  func environment(_ scratch: Scratch) -> [String: String] {
    ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": setting(scratch)]) { $1 }
  }
}

/// Calls the body when a reporter is at work on a worker that has crashed while it was running an item;
/// afterwards the pool must go on.
private func withCrash(
  reportedBy reporting: Reporter, timeout: Duration? = nil,
  _ body: (_ worker: Int32, _ reporter: Int32, _ item: TaskHandle<Int>) async throws -> Void
) async throws {
  let scratch = Scratch()
  try await withPool(
    workers: 1, worker: .faulty,
    configuration: PoolConfiguration(
      environment: .exactly(reporting.environment(scratch)), standardError: .discarded)
  ) { (pool) async throws in
    let worker = try await pool.apply(ProcessNumber(), to: 0)
    let program = try await pool.apply(LeaveChild(inGroup: true), to: "sleep 100")
    defer { kill(program, SIGKILL) }
    let task = NoteAndPause(path: scratch.file("begun"), item: 1, milliseconds: 300_000)
    let item = pool.applyAsync(task, to: 1, timeout: timeout)
    #expect(await eventually { scratch.lines("begun").count == 1 })
    kill(worker, SIGSEGV)
    if let reporter = await reporter(of: worker, besides: program) {
      try await body(worker, reporter, item)
    } else {
      kill(worker, SIGKILL)
    }
    // What a task has started ends with its worker.
    #expect(await eventually { !Inspection.isRunning(program) })
    #expect(try await pool.apply(Echo(), to: 2) == 2)
  }
}

/// Waits until a reporter is at work on a process, and a guard watches both.
private func reporter(of worker: Int32, besides program: Int32 = 0) async -> Int32? {
  var reporter: Int32?
  let isReporting = await eventually {
    let children = Inspection.children(of: worker).filter { $0.key != program }
    reporter = children.first { $0.value.hasPrefix("swift-backtrace") || $0.value.hasPrefix("sleep") }?.key
    return reporter != nil && children.contains { $0.value.hasPrefix("procpool-guard") }
  }
  #expect(isReporting, "Swift's backtracer, which comes with the toolchain, has not begun")
  return reporter
}
