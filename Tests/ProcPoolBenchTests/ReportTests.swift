import Testing

import struct Foundation.Data
import class Foundation.JSONSerialization
import class Foundation.NSNull

@testable import ProcPool
@testable import ProcPoolBench

/// What a pool has spent on runs.
func spent(
  sent: UInt64 = 0, received: UInt64 = 0, copied: UInt64 = 0, copying: Duration = .zero,
  running: Duration = .zero
) -> PoolStatistics {
  var spent = PoolStatistics()
  spent.workers.reading = copying
  spent.workers.running = running
  spent.workers.waiting = .seconds(1)
  spent.bytesSent = sent
  spent.bytesReceived = received
  spent.bytesCopied = copied
  return spent
}

@Suite("Tables are aligned")
struct Tables {
  @Test("Text is aligned left, figures right, and no line ends in spaces")
  func alignment() {
    var table = TextTable(columns: [
      .init(title: "case", alignment: .left), .init(title: "time", alignment: .right),
      .init(title: "ok", alignment: .left),
    ])
    table.add(["a", "12 µs", "yes"])
    table.add(["longer", "3 s", ""])
    #expect(
      table.lines() == [
        "case     time  ok",
        "──────  ─────  ───",
        "a       12 µs  yes",
        "longer    3 s",
      ])
  }

  @Test("A table without rows has its titles")
  func empty() {
    #expect(TextTable(columns: [.init(title: "case", alignment: .left)]).lines() == ["case", "────"])
  }

  @Test("Speed-up is over the serial strategy of the same case")
  func speedup() {
    func measurement(_ caseName: String, _ strategy: String, _ seconds: Double) -> Measurement {
      Measurement(
        key: .init(scenario: .matmul, label: CaseLabel(caseName), strategy: strategy, workers: 2),
        seconds: [seconds])
    }
    let rows = measurement("low-l", "rows", 0.5)
    let other = measurement("big", "rows", 0.5)
    let report = ScenarioReport(
      name: .matmul, measurements: [measurement("low-l", "serial", 2), rows, other], notes: [])
    #expect(report.speedup(of: rows) == 4)
    #expect(report.speedup(of: other) == nil)
    #expect(report.speedup(of: report.measurements[0]) == nil)
  }

  @Test("A case is named once, a wrong result is shouted, and an empty column is left out")
  func scenario() {
    let key = MeasurementKey(scenario: .matmul, label: "low-l", strategy: "serial", workers: 0)
    var wrong = key
    wrong.strategy = "rows"
    wrong.workers = 2
    let report = ScenarioReport(
      name: .matmul,
      measurements: [
        Measurement(key: key, seconds: [1], verified: true),
        Measurement(key: wrong, seconds: [2], verified: false),
      ], notes: ["A note."])
    #expect(
      report.text() == """
        matmul
        case   strategy  workers  median  relative speed  spread  speed-up  verified
        ─────  ────────  ───────  ──────  ──────────────  ──────  ────────  ────────
        low-l  serial          –  1.00 s  ██████████████     0 %         –  yes
               rows            2  2.00 s  ███████            0 %     0.50×  NO
        · A note.

        """)
    let narrow = report.text(TextStyle(width: 50, hasColour: true))
    #expect(
      narrow
        == """
        [1mmatmul[0m
        [1mcase[0m   [1mstrategy[0m  [1mmedian[0m  [1mrelative speed[0m  [1mverified[0m
        ─────  ────────  ──────  ──────────────  ────────
        low-l  serial    1.00 s  [32m██████████████[0m  yes
               rows      2.00 s  ███████         [1;31mNO[0m
        · A note.

        """.replacing("[", with: "\u{1B}["))
  }

  @Test("What does not fit goes, the least important first, and never what a line is about")
  func narrow() {
    var table = TextTable(columns: [
      .init(title: "case", alignment: .left), .init(title: "some", alignment: .right, rank: 1),
      .init(title: "more", alignment: .right, rank: 2), .init(title: "time", alignment: .right),
    ])
    table.add(["a", "1", "2", "3"])
    #expect(table.lines(TextStyle(width: 22, hasColour: false))[2] == "a        1     2     3")
    #expect(table.lines(TextStyle(width: 21, hasColour: false))[2] == "a        1     3")
    #expect(table.lines(TextStyle(width: 15, hasColour: false))[2] == "a        3")
    #expect(table.lines(TextStyle(width: 3, hasColour: false))[2] == "a        3")
  }

  @Test(
    "Bars are true to an eighth of a character",
    arguments: [(1, "████"), (0.5, "██"), (0.28, "█▏"), (0.22, "▉"), (0, "▏"), (7, "████")])
  func bars(share: Double, bar: String) {
    #expect(TextStyle.bar(share, length: 4) == bar)
  }

  @Test("Words are not torn where lines end")
  func paragraphs() {
    let style = TextStyle(width: 30, hasColour: false)
    #expect(
      style.paragraph("as many words as there is room for, and then a line more", after: "· ") == """
        · as many words as there is
          room for, and then a line
          more
        """)
    #expect(TextStyle.plain.paragraph("a b", after: "· ") == "· a b")
  }

  @Test("The time of a strategy on a pool is divided, and one without a pool is left out")
  func times() throws {
    let key = MeasurementKey(scenario: .matmul, label: "big", strategy: "rows", workers: 2)
    var serial = key
    serial.strategy = "serial"
    let table = try #require(
      TimeTable.make(from: [
        Measurement(key: serial, seconds: [1]),
        Measurement(
          key: key, items: 2, seconds: [2],
          spent: spent(copied: 4096, copying: .seconds(3), running: .seconds(1))),
      ]))
    #expect(
      table.rows == [
        [
          "big", "rows", "2", "0 %", "0 %", "0 %", "20 %", "60 %", "0 %", "20 %", "0 %", "75 %", "2.00 KiB",
          "–",
        ]
      ])
    #expect(TimeTable.make(from: [Measurement(key: serial, seconds: [1])]) == nil)
  }

  @Test("A strategy on several numbers of workers gets a line of the scaling table")
  func scaling() throws {
    let measurements = [(0, 3.0), (1, 2.0), (2, 1.0)].map { workers, seconds in
      Measurement(
        key: .init(
          scenario: .partialSums, label: "slow-series", strategy: workers == 0 ? "serial" : "intervals",
          workers: workers), seconds: [seconds])
    }
    let table = try #require(ScalingTable.make(from: measurements))
    #expect(table.columns.map(\.title) == ["scaling", "strategy", "1 worker", "2 workers"])
    #expect(table.rows == [["slow-series", "intervals", "2.00 s", "1.00 s"]])
    #expect(ScalingTable.make(from: Array(measurements.prefix(2))) == nil)
  }
}

@Suite("Numbers have three digits and a unit")
struct Figures {
  @Test(
    "Times",
    arguments: [
      (1.5, "1.50 s"), (0.0123, "12.3 ms"), (4.56e-5, "45.6 µs"), (1e-9, "1.00 ns"), (90, "90.0 s"),
      (0.99999, "1.00 s"),
    ])
  func seconds(value: Double, text: String) {
    #expect(Units.seconds(value) == text)
  }

  @Test(
    "Bytes",
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1.00 KiB"), (1_048_575, "1.00 MiB"), (160e6, "153 MiB"),
    ])
  func bytes(value: Double, text: String) {
    #expect(Units.bytes(value) == text)
  }

  @Test("Counts", arguments: [(12, "12"), (1_500, "1.50 k"), (2.1e6, "2.10 M"), (0.5, "0.50")])
  func counts(value: Double, text: String) {
    #expect(Units.count(value) == text)
  }

  @Test(
    "Factors", arguments: [(1, "1.00×"), (12.34, "12.3×"), (0.25, "0.25×"), (0.002, "1/500×"), (250, "250×")])
  func factors(value: Double, text: String) {
    #expect(Units.factor(value) == text)
  }

  @Test(
    "Groups of three", arguments: [(0, "0"), (999, "999"), (80_000, "80 000"), (-1_234_567, "-1 234 567")])
  func grouped(value: Int, text: String) {
    #expect(Units.grouped(value) == text)
  }

  @Test("Rounding carries into the digits before the point")
  func rounding() {
    #expect(Units.fixed(0.999, decimals: 2) == "1.00")
    #expect(Units.fixed(-0.001, decimals: 2) == "0.00")
    #expect(Units.fixed(-1.5, decimals: 0) == "-2")
    #expect(Units.fixed(1.05, decimals: 1) == "1.1")
  }
}

@Suite("The JSON is what it says it is")
struct JSON {
  private let report: BenchReport = {
    let key = MeasurementKey(
      scenario: .matmul, label: CaseLabel("low-l", "f64"), strategy: "rows", workers: 2)
    let bare = MeasurementKey(scenario: .spawn, label: "start", strategy: "broadcast", workers: 2)
    var options = BenchOptions()
    options.seed = .max
    options.quick = true
    return BenchReport(
      machine: Machine(
        processor: "A \"quoted\" \\ one\u{1}", architecture: "x86_64", processors: 2, memoryBytes: 1 << 31,
        system: "Linux"), workers: 2, options: options,
      scenarios: [
        ScenarioReport(
          name: .matmul,
          measurements: [
            Measurement(
              key: key, items: 200, seconds: [0.25, 0.5, 1],
              spent: spent(
                sent: 300, received: 30, copied: 1200, copying: .milliseconds(1500),
                running: .milliseconds(500)),
              verified: true
            )
          ], notes: []),
        ScenarioReport(
          name: .spawn, measurements: [Measurement(key: bare, seconds: [0.125], verified: nil)], notes: []),
      ])
  }()

  @Test("Every key of the schema is there, with null where there is nothing")
  func schema() throws {
    let parsed = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
    let object = try #require(parsed)
    #expect(
      Set(object.keys) == [
        "schema", "version", "machine", "workers", "seed", "quick", "files", "measurements", "figures",
        "verdict", "summary",
      ])
    #expect(object["schema"] as? Int == 1)
    #expect(object["version"] as? String == procpoolVersion)
    #expect(object["workers"] as? Int == 2)
    #expect(object["seed"] as? UInt64 == .max)
    #expect(object["quick"] as? Bool == true)
    let machine = try #require(object["machine"] as? [String: Any])
    #expect(machine["processor"] as? String == "A \"quoted\" \\ one\u{1}")
    let measurements = try #require(object["measurements"] as? [[String: Any]])
    #expect(measurements.count == 2)
    let keys: Set = [
      "scenario", "case", "variant", "strategy", "workers", "seconds", "runs", "items", "itemsPerSecond",
      "bytesSent", "bytesReceived", "bytesCopied", "bytesCopiedPerItem", "time", "verified",
    ]
    for measurement in measurements { #expect(Set(measurement.keys) == keys) }
    #expect(measurements[0]["seconds"] as? [String: Double] == ["min": 0.25, "median": 0.5, "max": 1])
    #expect(measurements[0]["case"] as? String == "low-l" && measurements[0]["variant"] as? String == "f64")
    #expect(measurements[1]["case"] as? String == "start" && measurements[1]["variant"] is NSNull)
    #expect(measurements[0]["runs"] as? Int == 3)
    #expect(measurements[0]["items"] as? Int == 200)
    #expect(measurements[1]["items"] is NSNull)
    #expect(measurements[0]["itemsPerSecond"] as? Double == 400)
    #expect(measurements[0]["bytesSent"] as? Int == 100)
    #expect(measurements[0]["bytesReceived"] as? Int == 10)
    #expect(measurements[0]["bytesCopied"] as? Int == 400)
    #expect(measurements[0]["bytesCopiedPerItem"] as? Int == 2)
    let time = try #require(measurements[0]["time"] as? [String: Any])
    #expect(Set(time.keys) == ["coordinator", "workers", "queued", "chunks", "copyingShare"])
    #expect(time["copyingShare"] as? Double == 0.75)
    let shares: [String: Double] = [
      "waiting": 1.0 / 3, "reading": 0.5, "decoding": 0, "running": 0.5 / 3, "encoding": 0, "writing": 0,
    ]
    #expect(time["workers"] as? [String: Double] == shares)
    #expect(measurements[1]["time"] is NSNull)
    #expect(measurements[0]["verified"] as? Bool == true)
    #expect(measurements[1]["itemsPerSecond"] is NSNull)
    #expect(measurements[1]["verified"] is NSNull)
  }

  @Test("Keys keep their order")
  func order() throws {
    let positions = try ["schema", "version", "machine", "workers", "seed", "measurements"].map {
      try #require(report.json.firstRange(of: "\"\($0)\":")).lowerBound
    }
    #expect(positions == positions.sorted())
  }

  @Test("What is not a number becomes null")
  func notANumber() {
    #expect(
      JSONValue.array([.number(.nan), .optional(Double.infinity), .number(1e-5)]).text(expanded: 0)
        == "[null, null, 1e-05]")
  }

  @Test("A wrong result is named")
  func wrong() {
    let key = MeasurementKey(scenario: .matmul, label: CaseLabel("big", "f32"), strategy: "rows", workers: 2)
    let scenario = ScenarioReport(
      name: .matmul, measurements: [Measurement(key: key, seconds: [1], verified: false)], notes: [])
    let report = BenchReport(
      machine: Machine.current(), workers: 2, options: BenchOptions(), scenarios: [scenario])
    #expect(report.wrongResults == ["matmul, big, f32, rows"])
    #expect(self.report.wrongResults.isEmpty)
  }
}

@Suite("The machine is described")
struct MachineDescription {
  @Test("The processor is found under the name that each architecture has for it")
  func processor() {
    #expect(Machine.processorName(in: "processor\t: 0\nmodel name\t: AMD EPYC\nmodel\t\t: 1\n") == "AMD EPYC")
    #expect(Machine.processorName(in: "processor : 0\nModel : Raspberry Pi 5\n") == "Raspberry Pi 5")
    #expect(Machine.processorName(in: "processor : 0\n") == nil)
  }

  @Test("The running machine has processors and memory")
  func current() {
    let machine = Machine.current()
    #expect(machine.processors >= 1)
    #expect(machine.memoryBytes > 1 << 20)
    #expect(machine.system.hasPrefix("Linux"))
  }
}
