import Glibc
import ProcPoolSystem
import Testing

@testable import ProcPoolBench
@testable import ProcPoolCommand

import struct Foundation.Data
import class Foundation.FileManager
import class Foundation.JSONSerialization
import struct Foundation.URL

@Suite("No output is lost to another, nor an input to an output", .timeLimit(.minutes(5)))
struct OutputsOfOneFile {
  /// A folder with a file, links to it, a link to nothing, and a folder.
  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = Scratch.path()
    let files = FileManager.default
    try files.createDirectory(at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    try Data("old".utf8).write(to: folder.appendingPathComponent("old"))
    try files.linkItem(at: folder.appendingPathComponent("old"), to: folder.appendingPathComponent("hard"))
    symlink("old", folder.appendingPathComponent("soft").path)
    symlink("sub/new", folder.appendingPathComponent("dangling").path)
    symlink(folder.path, folder.appendingPathComponent("sub/up").path)
    try await body(folder)
  }

  private func run(_ script: String, in folder: URL) async throws -> Program.Outcome {
    let program = Program.folder.appendingPathComponent("procpool").path
    return try await Program.run(
      ["-c", "cd '\(folder.path)' && procpool() { '\(program)' \"$@\"; } && \(script)"],
      at: URL(fileURLWithPath: "/bin/sh"))
  }

  private static let bench = "procpool bench --quick --repeat 2 --workers 1 --case apply"

  @Test(
    "Two options that name one file are refused before the run, by whatever names",
    arguments: [
      "--json a --csv a", "--json a --csv ./a", "--json a --csv sub/../a", "--json a --csv sub/up/a",
      "--json a --csv \"$PWD/a\"", "--json old --csv hard", "--json old --csv soft",
      "--json sub/new --csv dangling",
      "--report dangling --markdown ./dangling", "--json /dev/stdout --csv -", "--json - --csv /dev/fd/1",
      "--json /proc/self/fd/1 --markdown /dev/stdout", "--json a --csv b --markdown c --report b",
      "--json - --csv -",
    ])
  func same(options: String) async throws {
    try await withFolder { folder in
      let outcome = try await run("\(Self.bench) \(options)", in: folder)
      #expect(outcome.status == 64 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("accepted: "), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(Set(left) == ["old", "hard", "soft", "dangling", "sub"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/sub") == ["up"])
      #expect(try String(contentsOf: folder.appendingPathComponent("old"), encoding: .utf8) == "old")
    }
  }

  @Test(
    "Different files are written, also through a link to nothing, and /dev/null takes any number of outputs")
  func different() async throws {
    try await withFolder { folder in
      let outcome = try await run(
        "\(Self.bench) --json dangling --csv b --markdown /dev/null --report /dev/null 2>&1 >/dev/null",
        in: folder)
      #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.isEmpty, "\(outcome.output)")
      let json = try Data(contentsOf: folder.appendingPathComponent("sub/new"))
      #expect(try JSONSerialization.jsonObject(with: json) is [String: Any])
      #expect(
        try String(contentsOf: folder.appendingPathComponent("b"), encoding: .utf8).hasPrefix("scenario,"))
    }
  }

  @Test("Another name of standard output stands for it: the tables go to standard error")
  func standardOutput() async throws {
    try await withFolder { folder in
      for (options, file) in [
        ("--json /dev/stdout > a", "a"), ("--json a > a", "a"), ("--json ./b >> b", "b"),
      ] {
        let outcome = try await run("\(Self.bench) \(options)", in: folder)
        #expect(
          outcome.status == 0 && outcome.errors.contains("round-trips"), "\(options): \(outcome.errors)")
        let json = try Data(contentsOf: folder.appendingPathComponent(file))
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: json) }
      }
    }
  }

  @Test("A file where messages go is refused") func standardError() async throws {
    try await withFolder { folder in
      for options in ["--json log 2> log", "--json /dev/stderr 2> log", "--json - --csv /dev/stderr 2> log"] {
        let outcome = try await run("\(Self.bench) \(options)", in: folder)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        let log = try String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)
        #expect(log.contains("is standard error, where messages go"), "\(log)")
      }
    }
  }

  @Test("A file that is read is not written over, by whatever name") func inputs() async throws {
    try await withFolder { folder in
      let matrix = NumPyFile(name: "A", shape: [2, 2], .f64([1, 2, 3, 4])).bytes
      try Data(matrix).write(to: folder.appendingPathComponent("A.npy"))
      try Data(matrix).write(to: folder.appendingPathComponent("B.npy"))
      symlink("A.npy", folder.appendingPathComponent("C.npy").path)
      let baseline = try await run("\(Self.bench) --json base.json", in: folder)
      #expect(baseline.status == 0)
      for (options, reader) in [
        ("--matrix A.npy --matrix B.npy --output A.npy", "matrix"),
        ("--matrix A.npy --matrix B.npy --output ./B.npy", "matrix"),
        ("--matrix A.npy --matrix B.npy --output C.npy", "matrix"), ("--array A.npy --csv C.npy", "array"),
        ("--case apply --baseline base.json --json sub/../base.json", "baseline"),
      ] {
        let outcome = try await run("procpool bench --quick --workers 1 \(options)", in: folder)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("is the file that --\(reader) reads"), "\(outcome.errors)")
      }
      #expect(try Array(Data(contentsOf: folder.appendingPathComponent("A.npy"))) == matrix)
    }
  }

  @Test("What cannot be written does not keep the rest from being written") func rest() async throws {
    try await withFolder { folder in
      let full = try await run("\(Self.bench) --json /dev/full --csv b --markdown c", in: folder)
      #expect(full.status == 74 && full.output.contains("round-trips"))
      #expect(full.errors == "procpool: '/dev/full' cannot be written: No space left on device\n")
      for name in ["b", "c"] {
        #expect(try Data(contentsOf: folder.appendingPathComponent(name)).count > 100)
      }
      // Standard output, and standard error where that has the tables.
      let tables = try await run("\(Self.bench) --json d >/dev/full", in: folder)
      #expect(
        tables.status == 74 && tables.errors.contains("standard output cannot be written: No space left"))
      let json = try await run("\(Self.bench) --json - 2>/dev/full", in: folder)
      #expect(json.status == 74)
      for text in [try Data(contentsOf: folder.appendingPathComponent("d")), Data(json.output.utf8)] {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: text) }
      }
    }
  }

  @Test("A name that is not UTF-8 is refused, and no file of another name is made") func names() async throws
  {
    try await withFolder { folder in
      let outcome = try await run("procpool doctor --json \"$(printf 'a\\377')\"", in: folder)
      #expect(outcome.status == 64 && outcome.errors.contains("argument 3, 'a\u{FFFD}', is not UTF-8"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 5)
    }
  }
}

@Suite("What arguments and files say is shown, and not done", .timeLimit(.minutes(5))) struct QuotedArguments
{
  private static let hostile = "x\u{1B}[31m\u{1B}]0;title\u{7}\u{202E}\u{9B}y\nprocpool: all is well"

  @Test(
    "In messages about arguments and paths",
    arguments: [
      [hostile], ["bench", hostile], ["bench", "--" + hostile], ["bench", "--workers", hostile],
      ["bench", "--quick=" + hostile], ["top", hostile], ["top", "1", hostile], ["top", "--", hostile],
      ["bench", "--json", "/nonexistent/" + hostile], ["bench", "--array", "/nonexistent/" + hostile],
      ["bench", "--baseline", "/nonexistent/" + hostile], ["doctor", "--json", "/nonexistent/" + hostile],
      ["bench", "--workers", String(repeating: "9", count: 100_000)],
      ["bench", "--array", String(repeating: "long/", count: 20_000)],
    ])
  func arguments(arguments: [String]) async throws {
    let outcome = try await Program.run(arguments)
    #expect([64, 70, 73].contains(outcome.status) && outcome.output.isEmpty)
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(!outcome.errors.dropLast().unicodeScalars.contains { $0.isActedOn })
    #expect(outcome.errors.utf8.count < 1_500)
  }

  @Test("In messages about what a file says", arguments: ["descr", "shape", "fortran_order", "text"])
  func headers(key: String) async throws {
    let file = try Scratch.file()
    defer { try? FileManager.default.removeItem(at: file) }
    let said = Self.hostile.replacing("\n", with: "\\n") + String(repeating: "17 000 ", count: 1_000)
    let values = [("descr", "'<f8'"), ("fortran_order", "False"), ("shape", "(6,)")].map { name, value in
      "'\(name)': " + (name == key ? "'\(said)'" : value)
    }
    let text = key == "text" ? said : "{\(values.joined(separator: ", "))}"
    let length = text.utf8.count
    let head: [UInt8] = [0x93] + Array("NUMPY".utf8) + [3, 0]
    let size = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    try Data(head + size + Array(text.utf8)).write(to: file)
    let outcome = try await Program.run(["bench", "--array", file.path])
    #expect(outcome.status == 64)
    #expect(!outcome.errors.dropLast().unicodeScalars.contains { $0.isActedOn })
    #expect(outcome.errors.utf8.count < 600, "\(outcome.errors)")
  }

  @Test("A file of a size that no memory has room for is refused in words", arguments: [1 << 40, 1 << 62])
  func sparse(size: Int) async throws {
    let file = try Scratch.file()
    defer { try? FileManager.default.removeItem(at: file) }
    let header = NumPyHeader(type: "<f8", isColumnMajor: false, shape: [size / 8]).bytes
    try Data(header).write(to: file)
    // A file system may not have files of that size.
    guard truncate(file.path, off_t(header.count + size)) == 0 else { return }
    for options in [["--array", file.path], ["--matrix", file.path, "--matrix", file.path]] {
      let outcome = try await Program.run(["bench"] + options)
      #expect(outcome.status == 64)
      let words = "reading them needs twice as much memory, which is not available"
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test("Reports escape it, each in its way") func reports() {
    let text = Self.hostile + "\"<&'|*_`[\u{85}\u{2028}"
    let json = JSONValue.string(text).text()
    #expect(!json.unicodeScalars.contains { $0.isActedOn })
    let parsed = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
    #expect(parsed as? String == text)
    #expect(!Markup.escaped(text).unicodeScalars.contains { $0.isActedOn && $0 != "\n" })
    // An accent makes no other letter of it, as browsers and sheets read.
    #expect(Markup.escaped("\"\u{301}<\u{301}") == "&quot;\u{301}&lt;\u{301}")
    #expect(BenchReport.escaped("a\"\u{301},b") == "\"a\"\"\u{301},b\"")
    #expect(BenchReport.escaped("a,\u{301}\u{1B}b") == "\"a,\u{301}\\u{1B}b\"")
    #expect(
      Markdown.escaped("A_*[x](y)`<b>&|\n\u{1B}\\") == "A\\_\\*\\[x\\](y)\\`\\<b>\\&\\|\\\\u{A}\\\\u{1B}\\\\")
    #expect(TextStyle.plain.paragraph("x", after: "· ") == "· x")
    let table = TextStyle(width: 30, hasColour: false).paragraph("日本語 日本語 日本語 日本語 日本語", after: "· ")
    #expect(table.split(separator: "\n").allSatisfy { String($0).displayWidth <= 30 })
  }

  @Test("The doctor's facts") func doctor() {
    var facts = MachineFacts()
    facts.leftovers = [Self.hostile: 1]
    facts.start = .failure(Self.hostile)
    facts.clock = Self.hostile
    let diagnosis = Doctor.diagnose(facts)
    for style in [TextStyle.plain, TextStyle(width: 80, hasColour: false)] {
      #expect(!diagnosis.text(style).unicodeScalars.contains { $0.isActedOn && $0 != "\n" })
    }
    #expect(!diagnosis.json.unicodeScalars.contains { $0.isActedOn && $0 != "\n" })
  }
}
