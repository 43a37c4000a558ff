import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
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

    /// As many as the kernel has counted, not the first of them alone.
    @Test(.enabled(if: MemoryGroup.isAllowed, "control groups cannot be made here"))
    func twoWorkersThatTheKernelKillsAtOnceBothHaveThatCause() async throws {
      for _ in 0..<4 {
        let group = try #require(MemoryGroup(limit: 64 << 20))
        defer { group.remove() }
        try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
          for pid in try await pool.broadcast(ProcessNumber(), to: 0) { try #require(group.add(pid)) }
          let results = await pool.mapResults(FillMemory(), over: [512 << 20, 512 << 20], chunkSize: 1)
          for result in results {
            let loss = try #require(result.failure?.loss, "\(result)")
            guard case .outOfMemory = loss.cause else {
              Issue.record("\(loss)")
              continue
            }
          }
        }
      }
    }

    /// Memory that is shared is the group's, too: more than it has is an error, and kills no process.
    @Test(.enabled(if: MemoryGroup.isAllowed, "control groups cannot be made here"))
    func moreSharedMemoryThanTheControlGroupHasIsAnError() throws {
      let group = try #require(MemoryGroup(limit: 300 << 20))
      defer { group.remove() }
      let bytes = 400 << 20
      let ending = try Coordinator.run("lending", "group", "\(bytes)", through: group.launcher)
      #expect(ending.status == 0, "\(ending)")
      let lines = ending.output.split(separator: "\n")
      try #require(lines.count == 4, "\(ending)")
      for (name, line) in zip(["array", "named", "made"], [lines[0], lines[1], lines[3]]) {
        #expect(line.hasPrefix("\(name): "), "\(line)")
        #expect(
          line.contains("bytes of shared memory were requested, and the machine, or the control group, has"),
          "\(line)")
      }
      #expect(lines[2] == "half: \(bytes / 8)")
    }
  }
}
