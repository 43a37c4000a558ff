import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Sharing {
  /// Where one process cannot look into another through `/proc`, descriptors go over a socket.
  @Suite struct Attaching {
    /// What `coordinate attach` prints.
    private static let expected: String = {
      let large = (0..<100_000).reduce(0, +)
      let made = [10, 100_000].flatMap { count in (0..<4).map { $0 * count } }
      return "\([45, large, 45]) \(2 * large) \(made) \((1...6).map { $0 * 1_000_000 })\n"
    }()

    @Test func memoryIsAttachedThroughProcWhereThatIsOpen() throws {
      let ending = try Coordinator.run("attach", Coordinator.path)
      #expect(ending == .init(status: 0, output: Self.expected, errors: ""))
    }

    @Test(.enabled(if: Mounting.isAllowed, "mount namespaces are not allowed here"))
    func whereDevShmIsTinyOnlyNamesAreRefused() throws {
      let ending = try Coordinator.run(
        "tiny", through: Mounting.launcher("mount -t tmpfs -o size=1m none /dev/shm"))
      let lines = ending.output.split(separator: "\n")
      try #require(lines.count == 3, "\(ending)")
      #expect(lines[0] == "499999500000")
      #expect(
        lines[1].hasPrefix(
          "8000064 bytes of shared memory were requested, and /dev/shm has 1048576 left; share less"))
      #expect(lines[2] == "100 [\"procpool-tiny\"]")
    }

    @Test(.enabled(if: Mounting.isAllowed, "mount namespaces are not allowed here"))
    func aWorkerThatSeesNoProcGetsItsMemoryAllTheSame() throws {
      let scratch = Scratch()
      let launcher = Mounting.launcher("mount -t tmpfs none /proc").map { "'\($0)'" }.joined(separator: " ")
      let script = scratch.file(
        "worker", containing: "#!/bin/sh\nexec \(launcher) '\(Coordinator.path)'\n", mode: 0o700)
      let ending = try Coordinator.run("attach", script)
      #expect(ending == .init(status: 0, output: Self.expected, errors: ""))
    }

    /// It may not look into the coordinator.
    @Test(.enabled(if: geteuid() == 0, "only root can start a program as another user"))
    func aWorkerOfAnotherUserGetsItsMemoryAllTheSame() throws {
      let scratch = Scratch()
      let script = scratch.file(
        "worker",
        containing:
          "#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups --bounding-set=-all '\(Coordinator.path)'\n",
        mode: 0o700)
      let ending = try Coordinator.run("attach", script)
      #expect(ending == .init(status: 0, output: Self.expected, errors: ""))
    }

    /// A process whose program it may not read keeps its files to itself: here the worker, from the
    /// coordinator.
    @Test(.enabled(if: geteuid() == 0, "only root can start a program as another user"))
    func whatAClosedWorkerMadeReachesTheCoordinator() throws {
      let scratch = Scratch()
      chmod(scratch.path, 0o711)
      let copy = scratch.file("worker")
      var status: Int32 = 0
      waitpid(try Inspection.spawn(["/bin/cp", Coordinator.path, copy]), &status, 0)
      try #require(status == 0 && chmod(copy, 0o711) == 0)
      let ending = try Coordinator.run(
        "attach", copy,
        through: ["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set=-all"])
      #expect(ending == .init(status: 0, output: Self.expected, errors: ""))
    }
  }
}

/// Mount namespaces, in which a process has files of its own.
enum Mounting {
  /// What runs a program, whose path and arguments follow, after a command has mounted something.
  static func launcher(_ command: String) -> [String] {
    ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", command + " && exec \"$0\" \"$@\""]
  }

  static let isAllowed: Bool = {
    let command = launcher("mount -t tmpfs none /dev/shm") + ["/bin/true"]
    var status: Int32 = 0
    guard let pid = try? Inspection.spawn(command), waitpid(pid, &status, 0) == pid else { return false }
    return status == 0
  }()
}
