import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes {
  /// The kernel kills whoever uses more memory than a control group has.
  @Suite struct OutOfMemory {
    @Test(.enabled(if: MemoryGroup.isAllowed, "control groups cannot be made here"))
    func aWorkerThatTheKernelKillsForWantOfMemoryIsLostAndTheReportSaysWhy() async throws {
      let group = try #require(MemoryGroup(limit: 64 << 20))
      defer { group.remove() }
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let pid = Int32(try await pool.apply(ProcessNumber(), to: 0))
        try #require(group.add(pid))
        let results = await pool.mapResults(FillMemory(), over: [1 << 20, 512 << 20, 2 << 20], chunkSize: 1)
        #expect(try results[0].get() == 1 << 20)
        #expect(try results[2].get() == 2 << 20)
        guard case .failure(let error) = results[1] else {
          Issue.record("there was enough memory")
          return
        }
        let loss = try #require(error.loss, "\(error)")
        #expect(loss.pid == pid && loss.end == .signalled(SIGKILL))
        guard case .outOfMemory = loss.cause else {
          Issue.record("\(error)")
          return
        }
        #expect("\(error)".contains("memory"), "\(error)")
      }
    }
  }
}

/// A control group of a test's own, whose processes share little memory.
private struct MemoryGroup {
  private let path: String

  /// Where there are groups for memory, in the first version of control groups or the second.
  private static let place: (folder: String, limit: String)? =
    [
      ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ].first { folder, limit in
      let probe = "\(folder)/procpool-probe-\(getpid())"
      guard mkdir(probe, 0o700) == 0 else { return false }
      defer { rmdir(probe) }
      return access("\(probe)/\(limit)", W_OK) == 0
    }

  static var isAllowed: Bool { place != nil }

  init?(limit: Int) {
    guard let place = Self.place else { return nil }
    // Not by the process alone: another container's may have the same number, or one that was killed may have left its group.
    path = "\(place.folder)/procpool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(path, 0o700) == 0, Self.write("\(limit)", to: "\(path)/\(place.limit)") else { return nil }
    // Where it could be moved to the disk instead, it would be.
    _ = Self.write("0", to: "\(path)/memory.swap.max")
    _ = Self.write("0", to: "\(path)/memory.swappiness")
  }

  func add(_ pid: Int32) -> Bool { Self.write("\(pid)", to: "\(path)/cgroup.procs") }

  func remove() {
    // The last process may be on its way out.
    for _ in 0..<100 {
      if rmdir(path) == 0 { return }
      usleep(10_000)
    }
  }

  private static func write(_ text: String, to path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return text.withCString { Glibc.write(file, $0, strlen($0)) } == text.utf8.count
  }
}
