import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Surroundings {
  /// Where processes and threads are short, pools say so, and come back when there are some.
  @Suite(.timeLimit(.minutes(5))) struct ShortagesOfProcesses {
    /// With so few that pools cannot be made, cannot start workers, or can start some.
    @Test(arguments: 1...9) func howeverFewThereAreAProgramComesToItsEnd(_ limit: Int) throws {
      guard let group = ProcessLimit(limit) else {
        print("not tried: no control group can limit processes here")
        return
      }
      defer { group.remove() }
      let start = ContinuousClock.now
      let run = try Coordinator.run("map", through: group.launcher)
      #expect(ContinuousClock.now - start < .seconds(40))
      if run.status == 0 {
        #expect(run.output == "4950\n")
      } else {
        #expect(run.status == 1 << 8, "\(run)")
        #expect(
          run.errors.contains("Resource temporarily unavailable")
            || run.errors.contains("has not returned within"),
          "\(run)")
      }
    }

    /// No process can be made while both workers die; then all is well again.
    @Test func aPoolOutlivesAMomentWithoutProcesses() throws {
      guard let group = ProcessLimit(100) else { return }
      defer { group.remove() }
      let run = try Coordinator.run("later", group.path, through: group.launcher)
      let lines = run.output.split(separator: "\n").map(String.init)
      try #require(lines.count == 2, "\(run)")
      // The call that was made meanwhile has an end, with the reason.
      #expect(lines[0].contains("Resource temporarily unavailable"), "\(run)")
      #expect(lines[1] == "[0, 1, 2, 3]")
    }

    @Test func aLaunchThatDoesNotComeBackFailsItsPlace() throws {
      let scratch = Scratch()
      guard let library = try StuckLaunches.library(scratch) else {
        print("not tried: there is no compiler for C here")
        return
      }
      let start = ContinuousClock.now
      let run = try Coordinator.run("map", through: ["/usr/bin/env", "LD_PRELOAD=\(library)"])
      #expect(ContinuousClock.now - start < .seconds(40))
      #expect(run.status == 1 << 8)
      #expect(run.errors.contains("starting a worker has not returned within 10 s"), "\(run)")
    }
  }
}

/// A control group of version 1 or 2 with a limited number of processes and threads.
struct ProcessLimit {
  let path: String

  /// `nil` where none can be made.
  init?(_ limit: Int) {
    let isFirst = access("/sys/fs/cgroup/pids/tasks", W_OK) == 0
    let root = isFirst ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup"
    path = "\(root)/procpool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(path, 0o700) == 0 else { return nil }
    guard access("\(path)/pids.max", W_OK) == 0 else {
      rmdir(path)
      return nil
    }
    let file = open("\(path)/pids.max", O_WRONLY | O_CLOEXEC)
    _ = "\(limit)".withCString { write(file, $0, strlen($0)) }
    close(file)
  }

  /// Becomes a program in the group.
  var launcher: [String] {
    ["/bin/sh", "-c", "echo $$ > '\(path)/cgroup.procs' && exec \"$@\"", "sh"]
  }

  func remove() { for _ in 0..<200 where rmdir(path) != 0 { usleep(10_000) } }
}

/// A library with a `posix_spawn` that never comes back.
enum StuckLaunches {
  private static let source = """
    #include <unistd.h>
    int posix_spawn(int *pid, const char *path, const void *actions, const void *attributes, char *const *arguments,
                    char *const *environment) {
      for (;;) pause();
    }
    """

  /// `nil` where there is no compiler.
  static func library(_ scratch: Scratch) throws -> String? {
    let compilers = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"]
    guard let compiler = compilers.first(where: { access($0, X_OK) == 0 }) else { return nil }
    let path = scratch.file("stuck.so")
    let source = scratch.file("stuck.c", containing: source)
    _ = try Inspection.output(of: [compiler, "-shared", "-fPIC", "-w", source, "-o", path])
    return access(path, R_OK) == 0 ? path : nil
  }
}
