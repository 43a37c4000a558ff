import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Streams {
  /// The coordinator's standard error takes nothing any more, and the work goes on without it.
  @Suite struct StandardErrorsThatTakeNothing {
    /// 8 items of 500 lines: four times what a pipe holds.
    private static let words = ["lines", "2", "8", "500", "20", "close"]
    private static let ending = StreamProcess.Ending(output: "called 28\njoined\n")

    @Test func aReaderThatLeavesAFullPipe() async throws {
      let pipe = TestPipe()
      let process = try StreamProcess(Self.words, errors: pipe.writing)
      close(pipe.writing)
      _ = readBytes(pipe.reading, atLeast: 3_000)
      try await pipe.waitUntilFull()
      close(pipe.reading)
      #expect(process.end() == Self.ending)
    }

    enum Kind: String, CaseIterable, Sendable {
      case fullDevice, pipeWithoutReader, socketWithoutReader, terminalThatIsGone, closed, readOnly, fileLimit

      /// An open file of the kind; negative for none.
      func open(in scratch: Scratch) throws -> Int32 {
        switch self {
        case .fullDevice: return Glibc.open("/dev/full", O_WRONLY | O_CLOEXEC)
        case .readOnly: return Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        case .closed, .fileLimit:
          return Glibc.open(scratch.file("errors"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        case .pipeWithoutReader:
          let pipe = TestPipe()
          close(pipe.reading)
          return pipe.writing
        case .socketWithoutReader:
          var ends: [Int32] = [0, 0]
          socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
          close(ends[0])
          return ends[1]
        case .terminalThatIsGone:
          let terminal = try Terminal(columns: 80)
          return terminal.ending
        }
      }

      var launcher: [String] {
        switch self {
        case .closed: ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&-"]
        case .fileLimit: ["/bin/sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""]
        default: []
        }
      }
    }

    @Test(arguments: Kind.allCases) func everyOther(_ kind: Kind) throws {
      for words in [Self.words, ["bar"]] {
        let scratch = Scratch()
        let errors = try kind.open(in: scratch)
        try #require(errors >= 0)
        let process = try StreamProcess(words, errors: errors, through: kind.launcher)
        close(errors)
        let ending = process.end()
        #expect(ending == (words == ["bar"] ? .init(output: "called\njoined\n") : Self.ending))
      }
    }
  }

  /// Nothing reads standard error for a while, or for ever.
  @Suite struct StandardErrorsThatWait {
    enum Stall: String, CaseIterable, Sendable {
      /// By Ctrl-S, before anything is written or in the middle of it.
      case stoppedTerminal, terminalStoppedMeanwhile
      /// By a program that shows what is written and has stopped itself.
      case terminalThatIsNotRead, fullPipe, fullSocket

      /// What the test has, and what the program gets.
      func ends() throws -> (own: Int32, programs: Int32) {
        switch self {
        case .fullPipe:
          let pipe = TestPipe()
          return (pipe.reading, pipe.writing)
        case .fullSocket:
          var ends: [Int32] = [0, 0]
          socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
          return (ends[0], ends[1])
        default:
          let terminal = try Terminal(columns: 80)
          let master = fcntl(terminal.master, F_DUPFD_CLOEXEC, 3)
          if self == .stoppedTerminal { terminal.type("\u{13}") }
          return (master, terminal.ending)
        }
      }
    }

    /// Time limits go on, because the pool's runtime thread does not wait; and what cannot be passed on is dropped
    /// ten seconds after the end.
    @Test(.timeLimit(.minutes(5)), arguments: Stall.allCases) func holdUpNoTimeLimitAndNoEnd(_ stall: Stall)
      throws
    {
      let (own, programs) = try stall.ends()
      defer { close(own) }
      let process = try StreamProcess(["timeout"], errors: programs)
      close(programs)
      let start = ContinuousClock.now
      if stall == .terminalStoppedMeanwhile {
        #expect(readBytes(own, atLeast: 2_000).count >= 2_000)
        _ = write(own, "\u{13}", 1)
      }
      #expect(process.line() == "timed out")
      #expect(ContinuousClock.now - start < .seconds(8))
      #expect(process.end() == .init(output: "joined\n"))
    }

    @Test func whatATerminalIsSentGoesOnWhenItIsStarted() throws {
      let terminal = try Terminal(columns: 80)
      terminal.type("\u{13}")
      let process = try StreamProcess(["timeout", "and wait"], errors: terminal.ending)
      close(terminal.ending)
      #expect(process.line() == "timed out")
      terminal.type("\u{11}")
      let bytes = readBytes(terminal.master)
      #expect(process.end() == .init(output: "joined\n"))
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
      #expect(lines == PrintLines(lines: 400, word: "x", words: 1000).text(0))
    }

    /// A worker that has crashed is not kept from its report, and its item not from its end.
    @Test func aCrashIsNoticedThoughItsReportCannotBePassedOn() throws {
      let pipe = TestPipe()
      defer { close(pipe.reading) }
      let process = try StreamProcess(
        ["crash"], errors: pipe.writing,
        through: ["/usr/bin/env", "SWIFT_BACKTRACE=enable=yes,color=no,symbolicate=off,timeout=20s"])
      close(pipe.writing)
      #expect(process.line() == "lost: true")
      #expect(process.end() == .init(output: "joined\n"))
    }

    /// A bar is drawn by callers, who wait for nothing either.
    @Test func aTerminalThatIsStoppedHoldsUpNoBar() throws {
      let terminal = try Terminal(columns: 80)
      terminal.type("\u{13}")
      let process = try StreamProcess(["bar"], errors: terminal.ending)
      close(terminal.ending)
      #expect(process.line() == "called")
      terminal.type("\u{11}")
      let text = String(decoding: readBytes(terminal.master), as: UTF8.self)
      #expect(process.end() == .init(output: "joined\n"))
      #expect(text.contains("sleeping: 8 items in "), "\(text.debugDescription)")
    }

    /// The flag is the open file's, which the pool shares with whoever started its program.
    @Test func theFileIsNotMadeNonBlocking() throws {
      let pipe = TestPipe()
      let terminal = try Terminal(columns: 80)
      for errors in [pipe.writing, terminal.ending] {
        let process = try StreamProcess(["unended"], errors: errors)
        #expect(process.line() == "called")
        #expect(fcntl(errors, F_GETFL) & O_NONBLOCK == 0)
        process.kill(SIGKILL)
        #expect(process.end().status == SIGKILL)
      }
      close(terminal.ending)
      close(pipe.reading)
      close(pipe.writing)
    }
  }

  /// All that workers have written is passed on before their pool has ended.
  @Suite struct TextAtTheEnd {
    /// A reader that begins when the pool has nothing else to do.
    private func read(
      _ words: [String], expecting first: String, then rest: String
    ) async throws -> [String] {
      let pipe = TestPipe()
      let process = try StreamProcess(words, errors: pipe.writing)
      close(pipe.writing)
      #expect(process.line() == first)
      try await pipe.waitUntilFull()
      let text = String(decoding: readBytes(pipe.reading), as: UTF8.self)
      close(pipe.reading)
      #expect(process.end() == .init(output: rest))
      return text.split(separator: "\n").map(String.init)
    }

    private func expected(items: Int, lines: Int, words: Int) -> Set<String> {
      let task = PrintLines(lines: lines, word: "日", words: words)
      return Set((0..<items).flatMap { task.text($0) })
    }

    /// 180 KB: more than the pipe, and less than all that lies between the workers and it.
    @Test(arguments: ["close", "terminate"]) func ofAPoolThatEnds(_ end: String) async throws {
      let lines = try await read(
        ["lines", "2", "40", "100", "12", end], expecting: "called 780", then: "joined\n")
      #expect(lines.count == 4_000)
      #expect(Set(lines) == expected(items: 40, lines: 100, words: 12))
    }

    @Test func ofWorkersThatAreRecycled() async throws {
      let lines = try await read(
        ["lines", "2", "40", "100", "12", "close", "1"], expecting: "called 780", then: "joined\n")
      #expect(lines.count == 4_000)
      #expect(Set(lines) == expected(items: 40, lines: 100, words: 12))
    }

    /// 60 workers with 12 KB each: far more than anything between them and the reader holds.
    @Test func ofWorkersThatDie() async throws {
      let lines = try await read(["deaths", "60", "100", "40"], expecting: "lost 60", then: "joined\n")
      #expect(lines.count == 6_000)
      #expect(Set(lines) == expected(items: 60, lines: 100, words: 40))
    }

    @Test func ofALineWithoutEndBeforeAnythingEnds() throws {
      let pipe = TestPipe()
      let process = try StreamProcess(["unended"], errors: pipe.writing)
      close(pipe.writing)
      #expect(process.line() == "called")
      let text = "an unended 日"
      #expect(String(decoding: readBytes(pipe.reading, atLeast: text.utf8.count), as: UTF8.self) == text)
      process.kill(SIGKILL)
      #expect(process.end().status == SIGKILL)
      close(pipe.reading)
    }
  }

  @Suite struct WholeText {
    /// Lines of all lengths up to 12 KB, from four workers at once.
    @Test func linesOfSeveralWorkersAreNotTorn() throws {
      for words in [1, 300, 1_500, 4_000] {
        let pipe = TestPipe()
        let items = 24
        let process = try StreamProcess(
          ["lines", "4", "\(items)", "60", "\(words)", "close"], errors: pipe.writing)
        close(pipe.writing)
        let text = String(decoding: readBytes(pipe.reading), as: UTF8.self)
        close(pipe.reading)
        #expect(process.end().status == 0)
        let task = PrintLines(lines: 60, word: "日", words: words)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == items * 60)
        #expect(Set(lines) == Set((0..<items).flatMap { task.text($0) }))
      }
    }

    @Test(arguments: [1_000, 4_095, 70_000]) func bytesThatAreNoTextArriveAsTheyAre(piece: Int) throws {
      let pipe = TestPipe()
      let process = try StreamProcess(["bytes", "300000", "\(piece)"], errors: pipe.writing)
      close(pipe.writing)
      let bytes = readBytes(pipe.reading)
      close(pipe.reading)
      #expect(process.end() == .init(output: "joined\n"))
      #expect(bytes == (0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
    }

    /// Twelve lines of 90 000 bytes and a few, so that every boundary falls everywhere in a character.
    @Test(arguments: 0...3) func noCharacterOfALongLineIsCut(offset: Int) async throws {
      let line = String(repeating: "a", count: offset) + String(repeating: "日", count: 30_000)
      let bytes = Array(repeatElement(line + "\n", count: 12).joined().utf8)
      let pieces = Mutex<[String]>([])
      let texts = Mutex<[ItemID: String]>([:])
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .lines { _, line in pieces.withLock { $0.append(line) } })
      ) { try await $0.apply(WriteBytes(inPiecesOf: 5_000), to: bytes) }
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .items { item, _, text in texts.withLock { $0[item] = text } })
      ) {
        try await $0.forEach(WriteBytes(inPiecesOf: 5_000), over: [bytes, [], Array("日".utf8)], chunkSize: 3)
      }
      #expect(pieces.withLock { $0.joined() } == String(repeating: line, count: 12))
      #expect(pieces.withLock { $0.allSatisfy { $0.utf8.count <= 1 << 16 } })
      let whole = String(decoding: bytes, as: UTF8.self)
      #expect(texts.withLock { $0.sorted { $0.key.index < $1.key.index }.map(\.value) } == [whole, "日"])
    }

    @Test func noCharacterOfAWorkersLastWordsIsCut() async throws {
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { (pool) async throws in
        for offset in 0...2 {
          let text = String(repeating: "日", count: 50_000) + String(repeating: "a", count: offset)
          let error = try await poolError { try await pool.apply(WriteAndDie(), to: Array(text.utf8)) }
          let last = try #require(error.loss?.standardError)
          #expect(text.hasSuffix(last) && last.utf8.count >= 1 << 16)
        }
      }
    }

    /// What it has printed says what it was at.
    @Test(arguments: [Death.trap, .signal(SIGABRT), .signal(SIGSEGV), .exit(3)])
    func aLineWithoutEndIsNotLostWhenItsWorkerCrashes(_ death: Death) async throws {
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { (pool) async throws in
        let error = try await poolError {
          try await pool.apply(PrintUnendedAndDie(death), to: "working on 7…")
        }
        let text = try #require(error.loss?.standardError)
        #expect(text.contains("working on 7…"), "\(text)")
      }
    }

    @Test func aLineWithoutEndGoesWhereTheTaskHasSentItsStandardOutput() async throws {
      let scratch = Scratch()
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { (pool) async throws in
        let error = try await poolError {
          try await pool.apply(
            PrintUnendedAndDie(.signal(SIGSEGV), into: scratch.file("output")), to: "working on 7…")
        }
        #expect(scratch.lines("output") == ["working on 7…"])
        let text = try #require(error.loss?.standardError)
        #expect(!text.contains("working on 7…"), "\(text)")
      }
    }

    /// What is flushed at the end of a chunk is what is there to be flushed.
    @Test func aChunkThatPrintsNothingCostsNoCall() async throws {
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(standardError: .discarded)
      ) { (pool) async throws in
        let before = try await pool.broadcast(CountTransfers(), to: 0)[0][1]
        _ = try await pool.map(Echo(), over: 0..<1_000, chunkSize: 1)
        let between = try await pool.broadcast(CountTransfers(), to: 0)[0][1]
        // A result each at the most, and those of the two counts.
        #expect(between - before <= 1_000 + 2)
        for item in 0..<100 { _ = try await pool.apply(PrintUnended("x"), to: item) }
        let after = try await pool.broadcast(CountTransfers(), to: 0)[0][1]
        // On a busy machine preparing the two tasks may take so long that the worker reports it.
        #expect(after - between <= 200 + 2 + 2)
      }
    }
  }
}

extension Terminal {
  /// Has a program's terminal find something typed.
  func type(_ text: String) {
    _ = text.withCString { write(master, $0, strlen($0)) }
  }
}
