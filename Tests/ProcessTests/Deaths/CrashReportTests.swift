import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes {
  /// A crash ends with its worker, its report and its coordinator, whichever ends first.
  @Suite struct CrashReports {
    @Test func aSignalThatSomebodySendsEndsTheWorkerOnceItIsReported() async throws {
      try await withCrash { worker, reporter, item in
        let error = try await poolError { try await item.value }
        #expect(error.loss?.end == .signalled(SIGSEGV), "\(error)")
        #expect(error.loss?.cause == .invalidAccess)
        #expect(error.loss?.backtrace?.isEmpty == false)
        #expect(await eventually { !Inspection.isRunning(reporter) })
      }
    }

    @Test func theReporterOfAWorkerThatIsKilledMeanwhileGoesWithIt() async throws {
      try await withCrash { worker, reporter, item in
        // What is stopped neither ends by itself nor notices that the worker has.
        kill(reporter, SIGSTOP)
        kill(worker, SIGKILL)
        let error = try await poolError { try await item.value }
        #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
        // What it crashed by says more than what cut that short.
        #expect(error.loss?.cause == .invalidAccess)
        #expect(await eventually { !Inspection.isRunning(reporter) })
      }
    }

    /// Where a script starts it in the background, it ignores `SIGQUIT`, and the runtime leaves that alone.
    @Test(arguments: ["INT QUIT", ""])
    func theWorkerAndTheReporterGoWithTheirCoordinator(ignoring signals: String) async throws {
      let script = "trap '' \(signals); export SWIFT_BACKTRACE=enable=yes; exec \"$@\""
      let coordinator = try Coordinator("sleeping", through: ["/bin/sh", "-c", script, "sh"])
      let worker = coordinator.workers[0]
      kill(worker, SIGSEGV)
      let reporter = try #require(await reporter(of: worker))
      // So that none of the two can end by itself.
      kill(reporter, SIGSTOP)
      let companions = Inspection.children(of: worker).keys
      #expect(companions.count == 2)
      let (_, _, delay) = await coordinator.end(by: SIGKILL)
      #expect(delay < .seconds(1))
      #expect(await eventually { !companions.contains(where: Inspection.isRunning) })
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
    try await withCrash { _, reporter, item in
      kill(reporter, SIGSTOP)
      let error = try await poolError { try await item.value }
      #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
      #expect(error.loss?.cause == .invalidAccess)
      #expect(error.loss?.standardError.contains("did not come to an end") == true)
      #expect(error.autopsy.map { $0.elapsed > .seconds(60) && $0.elapsed < .seconds(90) } == true)
      #expect(await eventually { !Inspection.isRunning(reporter) })
    }
  }
}

/// Calls the body when Swift's backtracer is at work on a worker that has crashed while it was running an
/// item; afterwards the pool must go on.
private func withCrash(
  _ body: (_ worker: Int32, _ reporter: Int32, _ item: TaskHandle<Int>) async throws -> Void
) async throws {
  let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=yes"]) { $1 }
  try await withPool(workers: 1, worker: .faulty, environment: environment, standardError: .discarded) {
    (pool) async throws in
    let worker = try await pool.apply(ProcessNumber(), to: 0)
    let program = try await pool.apply(LeaveChild(), to: "sleep 100")
    defer { kill(program, SIGKILL) }
    let scratch = Scratch()
    let task = NoteAndPause(path: scratch.file("begun"), item: 1, milliseconds: 300_000)
    let item = pool.applyAsync(task, to: 1)
    #expect(await eventually { scratch.lines("begun").count == 1 })
    kill(worker, SIGSEGV)
    if let reporter = await reporter(of: worker) {
      try await body(worker, reporter, item)
    } else {
      kill(worker, SIGKILL)
    }
    #expect(Inspection.isRunning(program))
    #expect(try await pool.apply(Echo(), to: 2) == 2)
  }
}

/// Waits until Swift's backtracer is at work on a process.
private func reporter(of worker: Int32) async -> Int32? {
  var reporter: Int32?
  let isReporting = await eventually {
    reporter = Inspection.children(of: worker).first { $0.value.hasPrefix("swift-backtrace") }?.key
    return reporter != nil
  }
  #expect(isReporting, "Swift's backtracer, which comes with the toolchain, has not begun")
  return reporter
}
