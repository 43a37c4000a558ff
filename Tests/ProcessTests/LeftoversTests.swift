import FaultyTasks
import Glibc
import Testing

extension Processes {
  /// The check at the end of every test sees what it is there to see.
  @Suite struct Leaks {
    @Test func aChildIsReportedWhileItRunsAndAsAZombie() async throws {
      let before = Leftovers.now()
      let pid = try Inspection.spawn(["/bin/sleep", "60"])
      #expect(await Leftovers.since(before, patience: .milliseconds(50)).children[pid] != nil)
      kill(pid, SIGKILL)
      #expect(await eventually { !Inspection.isRunning(pid) })
      #expect(
        await Leftovers.since(before, patience: .milliseconds(50)).children[pid]?.contains("(Z)") == true)
      waitpid(pid, nil, 0)
      #expect(await Leftovers.since(before, patience: .seconds(5)).isEmpty)
    }

    @Test func anOpenDescriptorIsReported() async {
      let before = Leftovers.now()
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      let left = await Leftovers.since(before, patience: .milliseconds(50))
      #expect(left.descriptors[ends[0]]?.hasPrefix("pipe:") == true)
      #expect(left.descriptors[ends[1]]?.hasPrefix("pipe:") == true)
      for end in ends { close(end) }
      #expect(await Leftovers.since(before, patience: .seconds(5)).isEmpty)
    }

    @Test func aDescriptorThatIsAnotherFilesNowIsReported() async {
      let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
      let before = Leftovers.now()
      let other = open("/dev/zero", O_RDONLY | O_CLOEXEC)
      dup2(other, number)
      close(other)
      #expect(await Leftovers.since(before, patience: .milliseconds(50)).descriptors[number] == "/dev/zero")
      close(number)
    }

    @Test func aFileInSharedMemoryIsReported() async {
      let before = Leftovers.now()
      let name = "procpool-leak-\(getpid())"
      let file = shm_open("/" + name, O_RDWR | O_CREAT, 0o600)
      #expect(await Leftovers.since(before, patience: .milliseconds(50)).segments == [name])
      shm_unlink("/" + name)
      close(file)
      #expect(await Leftovers.since(before, patience: .seconds(5)).isEmpty)
    }

    @Test func aFileOfARunningProcessOfAnotherPartIsNotReported() async throws {
      let other = try Inspection.spawn(["/usr/bin/env", "PROCPOOL_TESTS=other", "/bin/sleep", "60"])
      let name = "procpool-leak-\(other)-1"
      close(shm_open("/" + name, O_RDWR | O_CREAT, 0o600))
      defer { shm_unlink("/" + name) }
      func isReported(in part: String?) -> Bool { Inspection.sharedFiles(part: part).contains(name) }
      #expect(await eventually { isReported(in: "other") && !isReported(in: "own") })
      #expect(isReported(in: nil))
      kill(other, SIGKILL)
      waitpid(other, nil, 0)
      #expect(isReported(in: "own"))
    }

    @Test func aTestThatLeavesSomethingFails() async {
      await withKnownIssue {
        try await expectNothingLeft(patience: .milliseconds(50)) {
          _ = try Inspection.spawn(["/bin/sleep", "60"])
        }
      }
      for (pid, name) in Inspection.children() where name.hasPrefix("sleep") {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
      }
    }
  }
}
