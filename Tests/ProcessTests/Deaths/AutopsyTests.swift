import FaultyTasks
import Foundation
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
  /// What is told of a worker that ended: how, why most likely, and what to do.
  @Suite struct Autopsies {
    /// Dying by a trap takes Swift's backtracer a second unless it is told not to.
    private static var environment: [String: String] {
      ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }

    private static let causes: [(Death, LikelyCause)] = [
      (.signal(SIGKILL), .signal(SIGKILL)), (.signal(SIGTERM), .signal(SIGTERM)),
      (.signal(SIGABRT), .signal(SIGABRT)), (.signal(SIGBUS), .invalidAccess),
      (.signal(SIGSEGV), .invalidAccess),
      (.overflow, .invalidAccess), (.exit(0), .exit), (.exit(3), .exit),
      (.exitAtOnce(0), .exit), (.exitAtOnce(4), .exit),
      (.trap, .trap(message: "Fatal error: the task has had enough")),
    ]

    @Test(arguments: causes) func theLikelyCauseIsTold(_ death: Death, _ cause: LikelyCause) async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(environment: .exactly(Self.environment), standardError: .discarded)
      ) {
        (pool) async throws in
        let pid = Int32(try await pool.apply(ProcessNumber(), to: 0))
        let error = try await poolError {
          try await pool.map(DieAt([3], by: death), over: 0..<5, chunkSize: 1)
        }
        let autopsy = try #require(error.autopsy, "\(error)")
        #expect(autopsy.item.index == 3 && autopsy.attempt == 1)
        #expect(autopsy.loss.cause == cause, "\(autopsy)")
        #expect(autopsy.loss.pid == pid)
        #expect(autopsy.elapsed < .seconds(20))
        #expect(autopsy.loss.peakMemory.map { $0 > 1 << 20 && $0 < 1 << 32 } ?? true, "\(autopsy)")
        #expect(
          autopsy.description.hasPrefix("item 3 of \(autopsy.item.call) was lost after "), "\(autopsy)")
      }
    }

    @Test func theTimeThatTheItemHadBeenRunningIsTold() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let pid = Int32(try await pool.apply(ProcessNumber(), to: 0))
        let handle = pool.applyAsync(Sleep(), to: 100_000)
        try await Task.sleep(for: .milliseconds(300))
        kill(pid, SIGKILL)
        let error = try await poolError { try await handle.value }
        let elapsed = try #require(error.autopsy?.elapsed, "\(error)")
        #expect(elapsed > .milliseconds(250) && elapsed < .seconds(20))
      }
    }

    @Test func aStoppedWorkerIsCalledStopped() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let pid = Int32(try await pool.apply(ProcessNumber(), to: 0))
        let handle = pool.applyAsync(Sleep(), to: 100_000, timeout: .milliseconds(400))
        try await Task.sleep(for: .milliseconds(100))
        await stop(pid)
        let error = try await poolError { try await handle.value }
        #expect(error.autopsy?.loss.cause == .stopped, "\(error)")
        #expect("\(error)".contains("where it was stopped by a signal"), "\(error)")
      }
    }

    @Test func theBacktraceIsPassedOn() async throws {
      let environment = ProcessInfo.processInfo.environment.merging(
        ["SWIFT_BACKTRACE": "enable=yes,color=no,symbolicate=off,timeout=20s"]
      ) { $1 }
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(environment: .exactly(environment), standardError: .discarded)
      ) {
        (pool) async throws in
        let error = try await poolError { try await pool.apply(DieAt([1], by: .trap), to: 1) }
        let loss = try #require(error.loss, "\(error)")
        // Where the toolchain's backtracer is not found, there is none.
        guard loss.standardError.contains("Backtracing") || loss.standardError.contains("crashed") else {
          return
        }
        #expect(loss.backtrace?.contains("0x") == true, "\(loss.standardError)")
      }
    }
  }

  /// What happens in a pool can be listened to.
  @Suite struct Events {
    @Test func startsLossesAndRetriesAreToldInTheirOrder() async throws {
      let pool = try Pool(workers: 1, worker: .faulty)
      let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1) } }
      let attempt = try await pool.apply(
        DieBeforeAttempt(2, items: [9]), to: 9, retry: .atLeastOnce(maximumAttempts: 2))
      #expect(attempt == 2)
      pool.close()
      await pool.join()
      let told = await events.value
      try #require(told.count == 4, "\(told)")
      guard case .workerStarted(_, let pid) = told[0].kind, case .itemRetried(let item, 2) = told[1].kind,
        case .workerLost(let loss, let lost) = told[2].kind, case .workerStarted(_, let next) = told[3].kind
      else {
        Issue.record("\(told)")
        return
      }
      #expect(item == lost && loss.pid == pid && pid != next && item.index == 0)
    }

    @Test func whoStopsListeningIsForgottenAndTheEndIsTold() async throws {
      let pool = try Pool(workers: 1, worker: .faulty)
      for await _ in pool.events { break }
      let all = Task { [events = pool.events] in await events.reduce(0) { count, _ in count + 1 } }
      pool.terminate()
      await pool.join()
      #expect(await all.value <= 1)
      // Of a pool that is gone there is nothing to tell.
      for await event in pool.events { Issue.record("\(event)") }
    }

    @Test func aPoolThatBreaksDownSaysSo() async throws {
      let pool = try Pool(workers: 2, worker: .executable(named: "/nonexistent/worker"))
      var told: [PoolEvent] = []
      for await event in pool.events {
        told.append(event)
        if case .failed = event.kind { break }
      }
      #expect(told.count <= 3)
      guard case .failed(let failure)? = told.last?.kind else {
        Issue.record("\(told)")
        return
      }
      #expect(failure.message.contains("/nonexistent/worker"))
      pool.terminate()
      await pool.join()
    }
  }
}
