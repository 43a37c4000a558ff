import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes {
  /// Swift's backtracer does not outlive the worker whose crash it reports.
  @Suite struct CrashReports {
    @Test func theReporterOfAWorkerThatIsKilledMeanwhileGoesWithIt() async throws {
      try await withCrash { worker, reporter, item in
        // What is stopped neither ends by itself nor notices that the worker has.
        kill(reporter, SIGSTOP)
        kill(worker, SIGKILL)
        let error = try await poolError { try await item.value }
        #expect(error.loss?.end == .signalled(SIGKILL), "\(error)")
        #expect(await eventually { !Inspection.isRunning(reporter) })
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
    try await withCrash { _, reporter, item in
      kill(reporter, SIGSTOP)
      let error = try await poolError { try await item.value }
      #expect(error.loss?.violation?.contains("backtracer") == true, "\(error)")
      #expect(error.autopsy.map { $0.elapsed > .seconds(60) && $0.elapsed < .seconds(150) } == true)
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
    let scratch = Scratch()
    let task = NoteAndPause(path: scratch.file("begun"), item: 1, milliseconds: 300_000)
    let item = pool.applyAsync(task, to: 1)
    #expect(await eventually { scratch.lines("begun").count == 1 })
    kill(worker, SIGSEGV)
    var reporter: Int32?
    let isReporting = await eventually {
      reporter = Inspection.children(of: worker).first { $0.value.hasPrefix("swift-backtrace") }?.key
      return reporter != nil
    }
    #expect(isReporting, "Swift's backtracer, which comes with the toolchain, has not begun")
    if let reporter {
      try await body(worker, reporter, item)
    } else {
      kill(worker, SIGKILL)
    }
    #expect(try await pool.apply(Echo(), to: 2) == 2)
  }
}
