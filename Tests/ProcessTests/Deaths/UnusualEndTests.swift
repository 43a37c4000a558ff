import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
  /// Workers whose ends are not the usual ones.
  @Suite struct UnusualEnds {
    @Test(arguments: Kind.allCases) func theEndOfTheThreadIsTheEndOfTheItem(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        let results = await pool.mapResults(EndThread(.byTheCLibrary), over: 0..<4, chunkSize: 4)
        #expect(results.map { try? $0.get() } == [0, nil, 2, 3])
        guard case .failure(let error) = results[1] else { return }
        #expect(error.loss?.cause == .threadExit, "\(error)")
        #expect(error.item?.index == 1)
        #expect(try await pool.apply(Echo(), to: 7) == 7)
      }
    }

    @Test func soItIsWhenTheCLibraryDoesNotKnow() async throws {
      guard KernelFeatures.hasThreadDescriptors else { return }
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let error = try await poolError { try await pool.map(EndThread(.byTheKernel), over: [1]) }
        #expect(error.loss?.cause == .threadExit, "\(error)")
        #expect(try await pool.apply(Echo(), to: 7) == 7)
      }
    }

    /// `SIGCHLD` is ignored by the program, or another thread of it waits for all children.
    @Test(arguments: ["ignored", "taken"], [true, false])
    func aStatusThatWentToSomebodyElseIsAskedForOrUnknown(_ how: String, _ isAsked: Bool) async throws {
      #if DEBUG
        let scratch = Scratch()
        let setting =
          "PROCPOOL_INJECT=coordinator:ioctl(PIDFD_GET_INFO):every:EINVAL@\(scratch.file("report"))"
        let run = try Coordinator.run("statuses", how, through: isAsked ? [] : ["/usr/bin/env", setting])
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 7, "\(run)")
        let isKnown = isAsked && KernelFeatures.knowsStatuses
        for (line, end) in zip(lines, ["signal 9", "signal 15", "exit status 0", "exit status 3"]) {
          // The right one, or none; and what a worker has said itself is known everywhere.
          if isKnown || end.hasPrefix("exit") {
            #expect(line.hasPrefix(end) || !isKnown && line.hasPrefix("unknown"), "\(line)")
          } else {
            #expect(line.hasPrefix(end) || line.hasPrefix("unknown status: for unknown reasons"), "\(line)")
          }
        }
        #expect(!lines[0].hasPrefix("exit"))
        #expect(lines[2].contains("exited the process"))
        if isKnown {
          #expect(lines[4].hasPrefix("exit status 0") && lines[5].hasPrefix("exit status 4"))
        }
        #expect(lines[6] == "because its item exceeded its time limit")
      #endif
    }

    @Test func aPoolInACopyOfItsProcessSaysSo() throws {
      let run = try Coordinator.run("forked")
      let lines = run.output.split(separator: "\n").map(String.init)
      try #require(lines.count == 11, "\(run)")
      for line in lines[..<8] { #expect(line.contains("make the first pool after `fork`"), "\(line)") }
      #expect(lines[8] == "joined")
      #expect(lines[9].contains("which has had a pool"))
      #expect(lines[10] == "copy ended with 0; the original has 7")
    }

    @Test func aTimeLimitHoldsWhereSignalsByDescriptorAreRefused() async throws {
      #if DEBUG
        let scratch = Scratch()
        let setting = "PROCPOOL_INJECT=coordinator:pidfd_send_signal:every:EPERM@\(scratch.file("report"))"
        let run = try Coordinator.run("statuses", "ignored", through: ["/usr/bin/env", setting])
        #expect(run.output.hasSuffix("because its item exceeded its time limit\n"), "\(run)")
      #endif
    }

    @Test func whereThereIsNoDescriptorOfAProcessTheReasonIsSaid() throws {
      #if DEBUG
        let scratch = Scratch()
        let setting = "PROCPOOL_INJECT=coordinator:pidfd_open:every:EPERM@\(scratch.file("report"))"
        let run = try Coordinator.run("map", through: ["/usr/bin/env", setting])
        #expect(run.status == 1 << 8)
        #expect(run.errors.contains("seccomp profile"), "\(run)")
        #expect(run.errors.contains("this is Linux "), "\(run)")
      #endif
    }
  }

  /// Workers that are killed and do not end.
  @Suite(.timeLimit(.minutes(5))) struct WorkersThatDoNotEnd {
    @Test func aWorkerThatIsTracedByItsOwnDoingEnds() async throws {
      let start = ContinuousClock.now
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        _ = try await pool.apply(BeTraced(), to: 1)
        let error = try await poolError {
          try await pool.apply(Sleep(), to: 600_000, timeout: .milliseconds(50))
        }
        guard case .timedOut(let autopsy, _) = error else { throw error }
        // It is this process that the kernel asks.
        if case .notEnded = autopsy.loss.cause { throw error }
        #expect(try await pool.apply(Echo(), to: 7) == 7)
      }
      #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// The kernel keeps its status for the tracer, which does not ask for it.
    @Test func aWorkerThatSomebodyTracesEndsForThePool() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let worker = try await pool.apply(ProcessNumber(), to: 1)
        let tracer = try Inspection.spawn([Coordinator.path, "trace", "\(worker)"])
        defer {
          kill(tracer, SIGKILL)
          waitpid(tracer, nil, 0)
        }
        #expect(await eventually { Inspection.tracer(of: worker) != 0 })
        let error = try await poolError {
          try await pool.apply(Sleep(), to: 600_000, timeout: .milliseconds(50))
        }
        guard case .timedOut = error else { throw error }
        #expect(try await pool.apply(Echo(), to: 7) == 7)
      }
    }

    /// Where this machine has control groups of version 1 that can be frozen: what is frozen does not take SIGKILL.
    @Test func aFrozenWorkerIsAbandonedAfterAWhile() async throws {
      guard let freezer = Freezer() else {
        print("not tried: no control group can be frozen here so that SIGKILL does not end what is in it")
        return
      }
      defer { freezer.remove() }
      let pool = try Pool(workers: 1, worker: .faulty)
      let worker = try await pool.apply(ProcessNumber(), to: 1)
      let events = pool.events
      freezer.freeze(worker)
      let error = try await poolError {
        try await pool.apply(Sleep(), to: 600_000, timeout: .milliseconds(50))
      }
      #expect("\(error)".contains("did not end after SIGKILL (state "), "\(error)")
      guard case .timedOut(let autopsy, _) = error, case .notEnded = autopsy.loss.cause else { throw error }
      #expect(try await pool.apply(Echo(), to: 7) == 7)
      pool.terminate()
      await pool.join()
      var told = false
      for await event in events {
        if case .workerLost(let loss, _) = event.kind, loss.pid == worker, case .notEnded = loss.cause {
          told = true
        }
      }
      #expect(told)
      freezer.thaw()
      #expect(await eventually { !Inspection.isRunning(worker) })
    }

    @Test func aFrozenWorkerDoesNotHoldUpTermination() async throws {
      guard let freezer = Freezer() else { return }
      defer { freezer.remove() }
      let pool = try Pool(workers: 2, worker: .faulty)
      let worker = try await pool.broadcast(ProcessNumber(), to: 1)[0]
      freezer.freeze(worker)
      let start = ContinuousClock.now
      pool.terminate()
      await pool.join()
      #expect(ContinuousClock.now - start < .seconds(20))
      freezer.thaw()
      #expect(await eventually { !Inspection.isRunning(worker) })
    }

    @Test func aProgramThatGaveUpItsRightsStillEndsItsItemsAndItself() throws {
      guard getuid() == 0 else { return }
      let run = try Coordinator.run("demoted")
      #expect(run.output.contains("did not end after SIGKILL ("), "\(run)")
      #expect(run.output.contains("joined; "), "\(run)")
    }
  }
}

/// A control group of version 1 whose processes can be frozen.
struct Freezer {
  private let path = "/sys/fs/cgroup/freezer/procpool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"

  /// `nil` where there is none, or this process may not make one.
  init?() {
    guard access("/sys/fs/cgroup/freezer/tasks", W_OK) == 0, mkdir(path, 0o700) == 0 else { return nil }
  }

  private func write(_ text: String, to file: String) {
    let number = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC)
    _ = text.withCString { Glibc.write(number, $0, strlen($0)) }
    close(number)
  }

  func freeze(_ pid: Int32) {
    write("\(pid)", to: "cgroup.procs")
    write("FROZEN", to: "freezer.state")
  }

  func thaw() { write("THAWED", to: "freezer.state") }

  func remove() {
    thaw()
    for _ in 0..<100 where rmdir(path) != 0 { usleep(10_000) }
  }
}

/// What the kernel of this machine has.
enum KernelFeatures {
  private static let version: [Int] = {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
  }()

  private static func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
    version.count == 2 && (version[0], version[1]) >= (major, minor)
  }

  static var hasThreadDescriptors: Bool { isAtLeast(6, 9) }
  static var knowsStatuses: Bool { isAtLeast(6, 15) }
}
