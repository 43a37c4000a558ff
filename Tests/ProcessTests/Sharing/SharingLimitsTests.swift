import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Sharing {
  /// Shared memory where there are limits: on files, on descriptors, on what is under way between processes.
  @Suite(.timeLimit(.minutes(5))) struct SharingLimits {
    private func prlimit(_ limit: String) -> [String] { ["/usr/bin/prlimit", limit] }

    /// `ulimit -f`, in bytes: with none at all, with enough for a page, and for a slab.
    @Test(arguments: [0, 65_536, 300_000]) func aLimitOnTheSizeOfFilesIsNamedAndKillsNobody(_ limit: Int)
      throws
    {
      let ending = try Coordinator.run("lending", "files", through: prlimit("--fsize=\(limit)"))
      #expect(ending.status == 0, "\(ending)")
      var lines: [String: String] = [:]
      for line in ending.output.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        lines[String(parts[0])] = String(parts[1].dropFirst())
      }
      #expect(lines.count == 12, "\(ending)")
      for name in ["array", "matrix", "locked", "named", "made"] {
        let text = lines[name] ?? ""
        #expect(text.contains("the file-size limit of this process is \(limit) bytes"), "\(text)")
        #expect(text.contains("`ulimit -f`"), "\(text)")
      }
      for (name, value) in [("counter", "7"), ("small", "10")] {
        let text = lines[name] ?? ""
        if limit == 0 { #expect(text.contains("`ulimit -f`"), "\(text)") } else { #expect(text == value) }
      }
      #expect(lines["map"] == "499500" && lines["after"] == "499500" && lines["long"] == "true", "\(ending)")
      #expect(lines["timeout"]?.contains("ran for longer than 0.3 seconds") == true, "\(ending)")
      #expect(lines["lost"]?.contains("signal 9 (SIGKILL)") == true, "\(ending)")
    }

    @Test func arraysBeyondTheLimitOfDescriptorsSayWhichLimit() throws {
      let ending = try Coordinator.run("lending", "descriptors")
      #expect(
        ending
          == .init(
            status: 0,
            output: """
              true true 1
              no more files can be opened for shared memory; raise the limit with `ulimit -n`, or release arrays that are \
              no longer needed
              3
              60 true

              """, errors: ""))
    }

    /// While its coordinator is stopped a worker waits, and goes on where it was.
    @Test(arguments: [false, true]) func whatIsMadeFasterThanItIsTakenWaits(_ isLimited: Bool) async throws {
      // Without privileges the kernel lets as many descriptors be under way as a process may have open, which is fewer
      // than the two sockets hold.
      let user = ["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set=-all"]
      let launcher = isLimited && geteuid() == 0 ? user + prlimit("--nofile=256") : []
      let coordinator = try Coordinator("lending", "flood", "20000", through: launcher)
      for _ in 0..<5 {
        kill(coordinator.pid, SIGSTOP)
        // Until both have written all that there is room for, or nothing is left.
        try await Task.sleep(for: .milliseconds(200))
        kill(coordinator.pid, SIGCONT)
        try await Task.sleep(for: .milliseconds(20))
      }
      let (status, output, errors) = coordinator.finish()
      #expect(status == 0 && errors == "")
      #expect(output == "\(19_999 * 20_000 / 2)\n")
    }

    /// A worker that waits because nothing is taken ends with its coordinator all the same.
    @Test func aWorkerThatWaitsToPassFilesOnEndsWithItsCoordinator() async throws {
      let coordinator = try Coordinator("lending", "endless")
      kill(coordinator.pid, SIGSTOP)
      func isAsleep(_ pid: Int32) -> Bool {
        let fields = (Inspection.contents("/proc/\(pid)/wchan") ?? "")
        return fields.contains("poll") || fields.contains("unix") || fields.contains("pipe")
      }
      _ = await eventually(within: .seconds(3)) { coordinator.workers.allSatisfy(isAsleep) }
      let (status, _, delay) = await coordinator.end(by: SIGKILL)
      #expect(status == SIGKILL && delay < .seconds(3))
    }

    #if DEBUG
      /// The last way, where the system passes no descriptors: what is lost with its worker is said to be lost, and
      /// begun again if the call allows that.
      @Test(arguments: ["socketpair:every:EACCES", "sendmsg:every:EPERM", "sendmsg:every:ENOMEM"])
      func whatCannotBePassedOnIsLostWithItsWorkerAtWorst(_ fault: String) throws {
        let role = fault.hasPrefix("socketpair") ? "coordinator" : "worker"
        let scratch = Scratch()
        let injection = "PROCPOOL_INJECT=\(role):\(fault)@\(scratch.file("report"))"
        let ending = try Coordinator.run("lending", "lost", through: ["/usr/bin/env", injection])
        #expect(ending == .init(status: 0, output: "true true true\n", errors: ""))
        #expect(!Inspection.entries(scratch.path).isEmpty)
      }

      /// What a worker has begun to lose with its files is lost with it, however long it takes to end.
      @Test func whatAWorkerLosesLongBeforeItsEndIsLostWithIt() throws {
        let scratch = Scratch()
        let injection = "PROCPOOL_INJECT=worker:sendmsg:every:EPERM@\(scratch.file("report"))"
        let ending = try Coordinator.run("lending", "half-dead", through: ["/usr/bin/env", injection])
        #expect(ending == .init(status: 0, output: "lost\nlost\nlost\nlost\n", errors: ""))
        #expect(!Inspection.entries(scratch.path).isEmpty)
      }

      /// The same session, with descriptors passed on, loses nothing.
      @Test func whatIsPassedOnIsNeverLost() throws {
        let ending = try Coordinator.run("lending", "lost")
        #expect(ending == .init(status: 0, output: "true false true\n", errors: ""))
      }
    #endif
  }
}
