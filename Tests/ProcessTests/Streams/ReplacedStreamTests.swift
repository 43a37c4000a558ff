import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Streams {
  /// The numbers 0 to 2 are closed, or other files'.
  @Suite struct ReplacedStreams {
    private static let answers = "[12497500, 12497500, 40, 499500]"

    /// Every combination of the three.
    @Test(arguments: 0..<8) func aProgramThatIsStartedWithoutStreamsFindsItsAnswers(closed: Int) throws {
      let redirections = ["<&-", ">&-", "2>&-"].enumerated().filter { closed & 1 << $0.offset != 0 }
      let command = "exec \"$0\" \"$@\" " + redirections.map(\.element).joined(separator: " ")
      for _ in 0..<3 {
        let scratch = Scratch()
        let path = scratch.file("answers")
        let pipe = TestPipe()
        let process = try StreamProcess(
          ["closed", path], errors: pipe.writing, through: ["/bin/sh", "-c", command])
        close(pipe.writing)
        let errors = String(decoding: readBytes(pipe.reading), as: UTF8.self)
        close(pipe.reading)
        #expect(process.end() == .init(output: ""))
        #expect(scratch.lines("answers") == [Self.answers])
        let lines = errors.split(separator: "\n").map(String.init)
        let printed = (0..<20).flatMap { PrintLines(lines: 5, words: 1000).text($0) }
        if closed & 4 != 0 {
          #expect(errors == "")
        } else {
          #expect(Set(printed).isSubset(of: lines) && lines.count == 110, "\(errors.prefix(1_000))")
        }
      }
    }

    /// What workers print does not go into a file that has taken the number 2.
    @Test func aProgramThatClosesItsStreamsWhenItHasItsPoolKeepsItsFiles() throws {
      let scratch = Scratch()
      let path = scratch.file("taken")
      let pipe = TestPipe()
      let process = try StreamProcess(["replaced", path], errors: pipe.writing)
      close(pipe.writing)
      let errors = String(decoding: readBytes(pipe.reading), as: UTF8.self)
      close(pipe.reading)
      #expect(process.end() == .init(output: "0 2\n"))
      #expect(Inspection.contents(path) == "")
      #expect(errors == "0:0 x\n1:0 x\n1:1 x\n")
    }

    @Test func aTaskThatReplacesItsStreamsFindsNothingOfThePoolsInItsFiles() async throws {
      let scratch = Scratch()
      let path = scratch.file("taken")
      let texts = Mutex<[ItemID: String]>([:])
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          standardError: .items { item, _, text in texts.withLock { $0[item] = text } })
      ) { (pool) async throws in
        #expect(try await pool.map(PrintLines(lines: 1), over: 0..<3, chunkSize: 3) == [0, 1, 2])
        #expect(
          try await pool.map(ReplaceStreams(by: path), over: 0..<2, chunkSize: 2) == [[0, 1, 2], [0, 1, 2]])
        #expect(try await pool.map(Echo(), over: 0..<10, chunkSize: 2) == Array(0..<10))
        // Its memory comes from files, too.
        let array = try SharedArray(0..<10_000)
        #expect(try await pool.map(SumShared(), over: [array]) == [49_995_000])
      }
      #expect(scratch.lines("taken") == Array(repeating: "own", count: 6))
      #expect(Set(texts.withLock { $0.values }) == ["0:0 x\n", "1:0 x\n", "2:0 x\n"])
    }
  }
}
