import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// `progress:` tells how far a call has come, and changes nothing else.
  @Suite struct Progress {
    /// What was told.
    private final class Log: Sendable {
      private let entries = Mutex<[CallProgress]>([])
      var all: [CallProgress] { entries.withLock { $0 } }
      func report(_ interval: Duration = .zero) -> ProgressReport {
        .callback(every: interval) { progress in self.entries.withLock { $0.append(progress) } }
      }
    }

    private func isOrdered(_ log: Log) -> Bool {
      zip(log.all, log.all.dropFirst()).allSatisfy {
        $0.done <= $1.done && $0.failures <= $1.failures && $0.elapsed <= $1.elapsed
      }
    }

    @Test(arguments: Kind.allCases) func mapTellsOfAllItemsOnceTheyHaveEnded(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let log = Log()
        let outputs = try await pool.map(Echo(), over: 0..<10_000, progress: log.report())
        #expect(outputs == Array(0..<10_000))
        #expect(isOrdered(log))
        #expect(log.all.allSatisfy { $0.total == 10_000 && $0.failures == 0 })
        #expect(log.all.last?.done == 10_000)
        #expect(log.all.count > 2)
      }
    }

    @Test func itIsToldWhileItemsRunAndNotOnlyAtTheEnd() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let log = Log()
        _ = try await pool.map(PauseFor(), over: Array(repeating: 30_000, count: 10), progress: log.report())
        #expect(Set(log.all.map(\.done)).count > 5)
      }
    }

    @Test func failuresAreCounted() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let log = Log()
        let results = await pool.mapResults(ThrowAt([3, 70, 71]), over: 0..<100, progress: log.report())
        #expect(results.count { $0.failure != nil } == 3)
        #expect(log.all.last.map { [$0.done, $0.failures] } == [100, 3])
        #expect(isOrdered(log))
      }
    }

    @Test func aCallThatThrowsIsNotSaidToBeWhole() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let log = Log()
        _ = try await poolError {
          try await pool.map(ThrowAt([0]), over: 0..<1_000_000, progress: log.report())
        }
        #expect(log.all.allSatisfy { $0.done < 1_000_000 })
      }
    }

    @Test func anIntervalIsKept() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let log = Log()
        _ = try await pool.map(Echo(), over: 0..<100_000, chunkSize: 10, progress: log.report(.seconds(1000)))
        #expect(log.all.count == 2, "at once, and at the end")
        #expect(log.all.last?.done == 100_000)
      }
    }

    @Test func aStreamTellsOfWhatWorkersHaveDone() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let (log, endless) = (Log(), Log())
        var count = 0
        for try await _ in pool.imap(Echo(), over: 0..<1000, chunkSize: 10, progress: log.report()) {
          count += 1
        }
        #expect(count == 1000 && log.all.last?.done == 1000 && log.all.last?.total == 1000)
        for try await number in pool.imap(Echo(), over: 0..., progress: endless.report()) where number > 5000
        {
          break
        }
        #expect(endless.all.allSatisfy { $0.total == nil && $0.remaining == nil })
        #expect(isOrdered(log) && isOrdered(endless))
      }
    }

    @Test func aReductionTellsOfInputsAndNotOfParts() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let log = Log()
        _ = try await pool.mapReduce(
          Listing(), over: 0..<10_001, startingWith: "", parts: 7, progress: log.report())
        #expect(log.all.last.map { [$0.done, $0.total] } == [10_001, 10_001])
        #expect(isOrdered(log))
      }
    }

    @Test func asynchronousInputsAndHandlesTellOfThemselvesToo() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let (log, other) = (Log(), Log())
        let inputs = AsyncStream { continuation in
          for number in 0..<500 { continuation.yield(number) }
          continuation.finish()
        }
        #expect(try await pool.map(Echo(), over: inputs, progress: log.report()).count == 500)
        #expect(log.all.last?.done == 500)
        #expect(try await pool.mapAsync(Echo(), over: 0..<500, progress: other.report()).value.count == 500)
        #expect(other.all.last?.done == 500)
      }
    }

    @Test func callsWithoutItemsAreToldOfOnceTheyAreOver() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let log = Log()
        #expect(try await pool.map(Echo(), over: [Int](), progress: log.report(.seconds(1000))).isEmpty)
        #expect(log.all.last.map { [$0.done, $0.total] } == [0, 0])
        #expect(log.all.last?.itemsPerSecond == nil)
      }
    }

    @Test func onATerminalThereIsABarThatLeavesALineAndSpoilsNoOther() throws {
      let terminal = try Terminal(columns: 80)
      let pid = try Inspection.spawn(
        [Coordinator.path, "coordinate", "progress"], output: terminal.ending, errors: terminal.ending,
        resetsSignals: true)
      let text = terminal.readAll()
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      #expect(status == 0)
      let eraser = "\r\u{1B}[K"
      #expect(text.contains("\(eraser)sleeping  █"), "\(text.debugDescription)")
      #expect(text.contains(" of 40, "))
      #expect(text.split(separator: eraser).map { $0.prefix { !$0.isNewline } }.allSatisfy { $0.count <= 80 })
      // As it stands when all is over.
      let lines = text.replacing("\r\n", with: "\n").split(separator: "\n").map { line in
        String(line[(line.ranges(of: eraser).last?.upperBound ?? line.startIndex)...])
      }
      #expect(lines.contains { $0.contains(/^sleeping: 40 items in .*, 1 failed$/) }, "\(lines)")
      #expect(lines.contains { $0.hasPrefix("speaking: 4 items in ") })
      #expect(!text.contains("brief"))
      // Neither of them is lost; a word without an end has what comes next beside it, unless that is the bar.
      let spoken = lines.filter { $0.hasPrefix("a ") }.joined()
      #expect(spoken.ranges(of: "a line").count == 4 && spoken.ranges(of: "a word").count == 4, "\(lines)")
    }

    @Test func whereThereIsNoTerminalShortCallsSayNothing() throws {
      let ending = try Coordinator.run("progress")
      #expect(ending.status == 0 && ending.output == "")
      #expect(!ending.errors.contains("sleeping") && !ending.errors.contains("\u{1B}"), "\(ending.errors)")
    }
  }
}

/// A terminal that nobody sits at.
struct Terminal: ~Copyable {
  let master: Int32
  /// Its end for a program.
  let ending: Int32

  /// Not declared for Swift; found where the C library has it, since version 2.34.
  private typealias Open =
    @convention(c) (
      UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<CChar>?, OpaquePointer?,
      UnsafeMutablePointer<winsize>
    ) -> Int32

  init(columns: UInt16) throws {
    setenv("TERM", "xterm", 1)
    let open = try #require(dlsym(nil, "openpty"))
    var numbers: (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 25, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    // Unsafe because a symbol has no type: this is what its manual says.
    try #require(unsafeBitCast(open, to: Open.self)(&numbers.0, &numbers.1, nil, nil, &size) == 0)
    (master, ending) = numbers
    for number in [numbers.0, numbers.1] { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
  }

  /// All that is written until every program has closed it.
  func readAll() -> String {
    close(ending)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      // Fails when the last program has closed its end.
      let count = read(master, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  deinit { close(master) }
}
