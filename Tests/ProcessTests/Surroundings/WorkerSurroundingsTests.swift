import FaultyTasks
import Foundation
import Glibc
import ProcPool
import Testing

extension Processes.Surroundings {
  /// A task finds itself in a process in which it can do as it likes.
  @Suite struct Surroundings {
    private func lookAround(workers: Int = 1) async throws -> [FaultyTasks.Surroundings] {
      try await withPool(workers: workers, worker: .faulty) { try await $0.broadcast(LookAround(), to: 0) }
    }

    @Test func aWorkerBlocksNoSignalThoughItsPoolWasMadeOnAConcurrencyThread() async throws {
      // Otherwise the test would prove nothing.
      #expect(Inspection.signalSet("SigBlk", in: "/proc/thread-self/status") != 0)
      let found = try await lookAround()[0]
      #expect(found.blocked == 0)
    }

    @Test(arguments: Kind.allCases) func thePoolsThreadsLeaveTheProgramsSignalsAlone(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        _ = try await pool.broadcast(Suspend(), to: 0)
        let threads = Inspection.threads().filter {
          $0.value.hasPrefix("procpool-") || $0.value.hasPrefix("worker-")
        }
        #expect(threads.count >= 2)
        for (number, name) in threads {
          for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE] {
            let blocked = Inspection.signalSet("SigBlk", in: "/proc/self/task/\(number)/status")
            // A thread of another test's pool may have gone since.
            guard Inspection.threads()[number] == name else { continue }
            #expect(blocked & (1 << UInt64(signal - 1)) != 0, "\(name) lets signal \(signal) through")
          }
        }
      }
    }

    @Test func neitherDoTheThreadsThatFoundationStartsForThem() throws {
      // In a program of its own, where the pool's launch is Foundation's first.
      #expect(try Coordinator.run("signals") == Coordinator.Ending(status: 0, output: "\n", errors: ""))
    }

    @Test func aProgramThatATaskStartsBlocksNoSignal() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        // No shell in between: that clears its mask itself.
        let status = try await pool.apply(RunProgram(), to: ["/bin/cat", "/proc/self/status"])
        #expect(Inspection.signalSet("SigBlk", of: status) == 0)
        #expect(Inspection.signalSet("SigIgn", of: status) == 0)
      }
    }

    @Test func whatTheCoordinatorIgnoresAWorkerDoesNot() async throws {
      let before = signal(SIGUSR1, SIG_IGN)
      let ignored: UInt64
      do {
        defer { signal(SIGUSR1, before) }
        ignored = try await lookAround()[0].ignored
      }
      #expect(ignored == 0)
    }

    @Test func standardInputIsEmptyAndStandardOutputIsStandardError() async throws {
      let found = try await lookAround()[0]
      #expect(found.descriptors[0] == "/dev/null")
      #expect(found.descriptors[1]?.hasPrefix("pipe:") == true)
      #expect(found.descriptors[1] == found.descriptors[2])
    }

    @Test func theStreamsMoveUnderOtherThreadsThatOpenFilesMeanwhile() async throws {
      var environment = ProcessInfo.processInfo.environment
      environment["FAULTY_MODE"] = "crowd"
      let scratch = Scratch()
      environment["FAULTY_LAUNCHES"] = scratch.file("launches")
      for _ in 0..<20 {
        try await withPool(
          workers: 2, worker: .faulty, configuration: PoolConfiguration(environment: .exactly(environment))
        ) { pool in
          let found = try await pool.broadcast(LookAround(), to: 0)
          #expect(found.map { $0.descriptors[0] } == ["/dev/null", "/dev/null"])
        }
      }
      // None crashed and was replaced.
      #expect(scratch.lines("launches").count == 40)
    }

    @Test func nothingButTheStandardStreamsIsInheritable() async throws {
      #expect(try await lookAround()[0].inheritable == [0, 1, 2])
    }

    @Test func aProgramThatATaskStartsHoldsOnlyTheStandardStreams() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        // A builtin, so that the shell's own descriptors are what is listed; 0, 1 and 2, and the listing
        // itself.
        let listing = try await pool.broadcast(
          RunProgram(), to: ["/bin/sh", "-c", "cd /proc/self/fd && echo *"])
        for line in listing {
          let numbers = line.split { $0.isWhitespace }.compactMap { Int($0) }
          #expect(Set(numbers).isSubset(of: [0, 1, 2, 3]), "\(line)")
        }
      }
    }

    @Test func noWorkerHoldsAnEndOfAnotherWorkersPipes() async throws {
      let all = try await lookAround(workers: 3)
      #expect(Set(all.map(\.pid)).count == 3)
      var owners: [String: Int32] = [:]
      for found in all {
        // Tasks, results, and standard error (several times).
        let pipes = Set(found.descriptors.values.filter { $0.hasPrefix("pipe:") })
        #expect(pipes.count == 3)
        for pipe in pipes {
          #expect(owners[pipe] == nil, "\(pipe) is held by \(found.pid) and by \(owners[pipe] ?? 0)")
          owners[pipe] = found.pid
        }
      }
    }

    @Test func whatTheCoordinatorHasOpenAWorkerHasNot() async throws {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      defer { for end in ends { close(end) } }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      let target = Inspection.descriptors()[ends[0]]!
      let found = try await lookAround()[0]
      #expect(!found.descriptors.values.contains(target))
    }

    @Test func theCoordinatorsDescriptorsAreAllClosedOnExec() async throws {
      let before = Inspection.descriptors()
      try await withPool(workers: 2, worker: .faulty) { pool in
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        let fresh = Inspection.descriptors().filter { before[$0.key] != $0.value }
        #expect(fresh.count >= 8)
        // Foundation's sockets are not; it closes them in what it starts itself.
        for (number, target) in fresh where !target.hasPrefix("socket:") {
          #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0, "descriptor \(number) is \(target)")
        }
      }
    }

    @Test func aWorkerIsInAProcessGroupOfItsOwn() async throws {
      let found = try await lookAround(workers: 2)
      #expect(Set(found.map(\.group)).count == 2)
      #expect(!found.map(\.group).contains(getpgrp()))
    }

    /// Linux shares processors out among sessions first where `kernel.sched_autogroup_enabled` is set: in one of its own
    /// a worker's niceness would mean nothing, and its pool would take the share of many users.
    @Test func aWorkerIsInItsCoordinatorsSession() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let workers = try await pool.broadcast(ProcessNumber(), to: 0)
        #expect(workers.allSatisfy { getsid($0) == getsid(0) })
      }
    }

    /// Those that have not been started when a pool ends never are.
    @Test(arguments: [true, false]) func aPoolThatEndsStartsNoMoreWorkers(isTerminated: Bool) async throws {
      let pool = try Pool(workers: 400, worker: .faulty)
      let events = pool.events
      #expect(try await pool.apply(Echo(), to: 7) == 7)
      if isTerminated { pool.terminate() } else { pool.close() }
      await pool.join()
      var started = 0
      for await event in events { if case .workerStarted = event.kind { started += 1 } }
      #expect((1..<200).contains(started))
    }

    @Test func theMarkIsGoneWhenATaskRuns() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.apply(ReadVariable(), to: "PROCPOOL_WORKER") == nil)
        #expect(try await !pool.apply(RunProgram(), to: ["/usr/bin/env"]).contains("PROCPOOL_WORKER="))
      }
      #expect(getenv("PROCPOOL_WORKER") == nil)
    }

    @Test func workersHaveTheCoordinatorsEnvironmentUnlessGivenAnother() async throws {
      let path = getenv("PATH").map { String(cString: $0) }
      #expect(path != nil)
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.apply(ReadVariable(), to: "PATH") == path)
      }
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(environment: .exactly(["OTHER": "theirs"]))
      ) {
        (pool) async throws in
        #expect(try await pool.apply(ReadVariable(), to: "OTHER") == "theirs")
        #expect(try await pool.apply(ReadVariable(), to: "PATH") == nil)
      }
      let home = getenv("HOME").map { String(cString: $0) }
      #expect(home != nil)
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(environment: .inherited(updating: ["OTHER": "theirs", "HOME": nil]))
      ) {
        (pool) async throws in
        #expect(try await pool.apply(ReadVariable(), to: "OTHER") == "theirs")
        #expect(try await pool.apply(ReadVariable(), to: "HOME") == nil)
        #expect(try await pool.apply(ReadVariable(), to: "PATH") == path)
      }
    }
  }
}
