import FaultyTasks
import Glibc
import ProcPool
import Testing

@testable import ProcPoolSharedMemory

extension Processes.Sharing {
  /// A worker that may not look into the coordinator any more gets what it needs another way.
  @Suite struct LookingRefused {
    /// In a program of its own, where nothing answers by a socket yet.
    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func aWorkerThatHasChangedItsUserGetsSharedMemoryByTheSocket() throws {
      let ending = try Coordinator.run("lending", "refused")
      #expect(
        ending
          == .init(
            status: 0, output: "[[4999950000, 45], [4999950000, 45], [4999950000, 45]] 199998 true\n",
            errors: ""))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"), arguments: [1, 3])
    func aLongInputOfSuchAWorkerComesThroughItsPipe(_ chunkSize: Int) async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let inputs = (0..<12).map { [UInt8](repeating: UInt8($0), count: 200_000 + $0) }
        // Before that they lie in memory that is mapped by then.
        #expect(try await pool.map(EchoBytes(), over: inputs, chunkSize: chunkSize) == inputs)
        _ = try await pool.broadcast(BecomeNobody(), to: 0)
        // What is mapped is let go of.
        try await Task.sleep(for: .milliseconds(300))
        let counts = inputs.map(\.count)
        #expect(try await pool.map(CountBytes(), over: inputs, chunkSize: chunkSize) == counts)
        #expect(try await pool.map(EchoBytes(), over: inputs, chunkSize: chunkSize) == inputs)
        #expect(try await pool.apply(CountBytes(), to: inputs[3]) == counts[3])
      }
    }

    /// Items that are behind it in its pipe, or are taken back meanwhile, are run once each.
    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func nothingIsRunTwiceOrNeverForThat() async throws {
      let scratch = Scratch()
      chmod(scratch.path, 0o777)
      for round in 0..<10 {
        chmod(scratch.file("notes \(round)", containing: ""), 0o666)
        try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
          _ = try await pool.apply(BecomeNobody(), to: 0)
          let inputs = (0..<16).map { [UInt8](repeating: UInt8($0), count: 150_000) }
          async let counts = pool.map(CountBytes(), over: inputs, chunkSize: 2)
          async let notes: Void = pool.forEach(
            NoteBytes(path: scratch.file("notes \(round)")), over: inputs + [[99]], chunkSize: 1)
          let left = pool.applyAsync(CountBytes(), to: inputs[0])
          if round % 2 == 0 { left.cancel() }
          let single = try await pool.apply(CountBytes(), to: inputs[1])
          #expect(single == 150_000)
          #expect(try await counts == Array(repeating: 150_000, count: 16))
          try await notes
        }
        #expect(scratch.lines("notes \(round)").compactMap { Int($0) }.sorted() == Array(0..<16) + [99])
      }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func whoMayNotLookIsTellingTheTruth() throws {
      let array = try SharedArray(0..<10)
      var handle = SharedHandle(array.block)
      func reason(_ handle: SharedHandle) -> String {
        do throws(SharedMemoryError) {
          _ = try handle.openFile()
          return "it was opened"
        } catch {
          return "\(error)"
        }
      }
      // Open, and another file by now.
      handle.inode ^= 1
      handle.nonce ^= 1
      #expect(reason(handle).contains("is gone: process \(getpid()) no longer has it open"))
      // A number that this process has not open.
      handle.owner.descriptor = 100_000
      #expect(reason(handle).contains("is gone: process \(getpid()) no longer has it open"))
      // A process that is not there.
      handle.owner.pid = 0x3FFF_FFFF
      #expect(reason(handle).contains("is gone"))
    }

    @Test(.enabled(if: Mounting.isAllowed, "mount namespaces are not allowed here"))
    func aProcessThatIsHiddenIsNotSaidToHaveEnded() throws {
      let words = ["hidden", "\(getpid())", "\(0x3FFF_FFFF)"]
      let hidden = try Coordinator.run(
        words[0], words[1], words[2], through: Mounting.launcher("mount -t tmpfs none /proc/\(getpid())"))
      #expect(hidden == .init(status: 0, output: "true false\n", errors: ""))
      let open = try Coordinator.run(words[0], words[1], words[2])
      #expect(open == .init(status: 0, output: "false false\n", errors: ""))
    }
  }
}
