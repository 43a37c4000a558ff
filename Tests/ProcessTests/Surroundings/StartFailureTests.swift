import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Surroundings {
  /// A program that cannot serve is an error that says so, and is not started again and again.
  @Suite struct StartFailures {
    /// The error of the first call to a pool whose workers behave like this, and how many were started.
    private func start(
      _ mode: String, workers: Int = 2, lines: String? = nil
    ) async throws -> (failure: WorkerStartFailure, launches: Int) {
      let scratch = Scratch()
      var environment = ProcessInfo.processInfo.environment
      environment["FAULTY_MODE"] = mode
      environment["FAULTY_LINES"] = lines
      environment["FAULTY_LAUNCHES"] = scratch.file("launches")
      let error = try await poolError {
        try await withPool(
          workers: workers, worker: .faulty,
          configuration: PoolConfiguration(environment: .exactly(environment), standardError: .discarded)
        ) { pool in
          let first = try await poolError { try await pool.map(Echo(), over: 0..<100) }
          // Nor does a second call start any.
          let second = try await poolError { try await pool.apply(Echo(), to: 1) }
          #expect("\(second)" == "\(first)")
          throw first
        }
      }
      return (try #require(error.startFailure, "\(error)"), scratch.lines("launches").count)
    }

    private func failure(starting worker: WorkerSource) async throws -> String {
      let error = try await poolError {
        try await withPool(workers: 2, worker: worker) { try await $0.map(Echo(), over: 0..<10) }
      }
      return try #require(error.startFailure, "\(error)").message
    }

    @Test func anExecutableThatIsMissingIsNamed() async throws {
      let message = try await failure(starting: .executable(named: "no-such-worker"))
      // Both places in which it is looked up.
      #expect(message.contains("there is no worker executable no-such-worker: neither /"))
      #expect(message.contains("/../libexec/procpool/no-such-worker exists"))
      let path = try await failure(starting: .executable(named: "/nowhere/worker"))
      #expect(path.contains("/nowhere/worker"))
    }

    @Test func aFileThatIsNotExecutableIsNamed() async throws {
      let scratch = Scratch()
      let message = try await failure(starting: .executable(named: scratch.file("plain", containing: "text")))
      #expect(message.contains(scratch.file("plain")))
      #expect(message.contains("executable") || message.contains("ermission"))
    }

    @Test func aDirectoryIsNamed() async throws {
      let message = try await failure(starting: .executable(named: "/usr/bin/"))
      #expect(message.contains("/usr/bin"))
      #expect(!message.hasSuffix(": "))
    }

    @Test(.foundationLeavesSockets) func aFileThatIsNoProgramIsAnError() async throws {
      let scratch = Scratch()
      let path = scratch.file("rubbish", containing: "\u{1}\u{2}\u{3}", mode: 0o700)
      #expect(try await failure(starting: .executable(named: path)).contains(path))
    }

    @Test func aWorkerOfAnotherVersionIsToldSo() async throws {
      let (failure, launches) = try await start("version:7")
      #expect(failure.message.contains("version"))
      #expect(failure.message.contains("7"))
      #expect(launches == 2)
    }

    @Test func aProgramThatPrintsInsteadOfGreetingIsToldSo() async throws {
      let (failure, launches) = try await start("print:Hello, world")
      #expect(failure.message.contains("standard output"))
      #expect(failure.message.contains("serveIfWorker()"), "\(failure.message)")
      #expect(launches == 2)
    }

    @Test func aProgramThatExitsBeforeItGreetsIsReportedWithStatusAndLastLines() async throws {
      let (failure, launches) = try await start(
        "exit:3", lines: "cannot find my configuration\nor anything else")
      #expect(failure.message.contains("exit status 3"))
      #expect(failure.standardError == "cannot find my configuration\nor anything else")
      #expect("\(PoolError.workersUnavailable(failure))".contains("| or anything else"))
      #expect(launches == 2)
    }

    @Test func aProgramThatASignalEndsBeforeItGreetsIsReportedWithIt() async throws {
      let (failure, launches) = try await start("signal:15", lines: "about to fall")
      #expect(failure.message.contains("signal 15 (SIGTERM)"))
      #expect(failure.standardError == "about to fall")
      #expect(launches == 2)
    }

    @Test func aProgramThatForgotToServeIsToldWhatToDoAndStartsNoOther() async throws {
      let (failure, launches) = try await start("forget")
      #expect(failure.message.contains("PoolProgram"))
      #expect(failure.message.contains("serveIfWorker()"))
      #expect(!failure.standardError.contains("a pool was made"))
      try await Task.sleep(for: .milliseconds(200))
      #expect(launches == 2)
    }

    @Test func aProgramThatGreetsAndLeavesIsNotStartedForEver() async throws {
      let scratch = Scratch()
      var environment = ProcessInfo.processInfo.environment
      environment["FAULTY_MODE"] = "leave:200"
      environment["FAULTY_LAUNCHES"] = scratch.file("launches")
      let error = try await poolError {
        try await withPool(
          workers: 2, worker: .faulty,
          configuration: PoolConfiguration(
            environment: .exactly(environment), recycling: RecyclingPolicy(standby: 0))
        ) { pool in
          // Six workers for each of the two places.
          _ = await eventually {
            let pids = scratch.lines("launches").compactMap { Int32($0) }
            return pids.count == 12 && pids.allSatisfy { !Inspection.isRunning($0) }
          }
          return try await pool.map(Sleep(), over: [500, 500])
        }
      }
      #expect(error.startFailure?.message.contains("without being given anything to do") == true, "\(error)")
      #expect(scratch.lines("launches").count == 12)
    }

    @Test func aSilentProgramDoesNotHoldUpTermination() async throws {
      var environment = ProcessInfo.processInfo.environment
      environment["FAULTY_MODE"] = "silent"
      let pool = try Pool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(environment: .exactly(environment)))
      let handle = pool.applyAsync(Echo(), to: 1)
      #expect(await handle.wait(for: .milliseconds(200)) == false)
      pool.terminate()
      await pool.join()
      guard case .failure(PoolError.terminated) = await handle.result else {
        Issue.record("\(await handle.result)")
        return
      }
    }

    @Test func theTestRunnerIsRefusedAsItsOwnWorker() throws {
      let error = #expect(throws: PoolError.self) { try Pool(workers: 1) }
      let message = try #require(error?.startFailure?.message)
      #expect(message.contains(".threads") && message.contains(".executable(named:)"))
    }

    @Test func aPoolProgramIsItsOwnWorker() async throws {
      let run = try Coordinator.run("map")
      #expect(run == Coordinator.Ending(status: 0, output: "4950\n", errors: ""))
    }

    @Test func aPoolProgramThatThrowsEndsWithOneAndTheError() async throws {
      let run = try Coordinator.run("fail")
      #expect(run == Coordinator.Ending(status: 1 << 8, output: "", errors: "error: Misfit(value: 5)\n"))
    }
  }
}
