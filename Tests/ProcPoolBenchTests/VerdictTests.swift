import Testing

@testable import ProcPoolBench

@Suite("The verdict follows from the figures")
struct Verdicts {
  private func report(_ times: [(strategy: String, workers: Int, seconds: Double)]) -> ScenarioReport {
    ScenarioReport(
      name: .matmul,
      measurements: times.map {
        Measurement(
          key: .init(scenario: .matmul, label: "big", strategy: $0.strategy, workers: $0.workers),
          seconds: [$0.seconds])
      }, notes: [])
  }

  @Test("Sharing is set against the best that sends, and both against the serial loop")
  func sharingWins() {
    let report = report([
      ("serial", 0, 2), ("rows", 2, 40), ("rows-b-once", 2, 5), ("rows-in-place", 2, 1),
      ("elements-in-place", 2, 9),
    ])
    #expect(
      Verdict.sentences(for: [report]) == [
        "big: rows-in-place on 2 workers won, 2.00× as fast as the serial loop; sharing (rows-in-place on 2 workers) was "
          + "5.00× as fast as the best that sends, rows-b-once on 2 workers."
      ])
  }

  @Test("It says so where sharing does not pay, and where the pool does not")
  func sharingLoses() {
    let report = report([("serial", 0, 1), ("rows-b-once", 1, 2), ("rows-in-place", 2, 4)])
    #expect(
      Verdict.sentences(for: [report]) == [
        "big: the serial loop won, 2.00× as fast as the best on a pool, rows-b-once on 1 worker; sending (rows-b-once on "
          + "1 worker) was 2.00× as fast as the best that shares, rows-in-place on 2 workers."
      ])
  }

  @Test("What differs by a tenth at most is called the same")
  func same() {
    let report = report([("serial", 0, 1), ("rows-b-once", 2, 1.05), ("rows-in-place", 2, 1)])
    let sentence = Verdict.sentences(for: [report]).first ?? ""
    #expect(sentence.contains("took as long as the serial loop"))
    #expect(sentence.contains("took the same time"))
  }

  @Test("A case that was computed one way only is passed over")
  func oneWay() {
    #expect(Verdict.sentences(for: [report([("serial", 0, 1), ("rows", 2, 2)])]).isEmpty)
  }

  @Test("A strategy that did little else than copy is named")
  func copying() {
    var report = report([("rows-b-once", 2, 5), ("rows", 2, 40)])
    #expect(Verdict.sentences(for: [report]).isEmpty)
    report = ScenarioReport(
      name: .matmul,
      measurements: report.measurements.map {
        Measurement(
          key: $0.key, items: 4, seconds: $0.seconds,
          spent: $0.key.strategy == "rows"
            ? spent(copied: 4 << 20, copying: .seconds(83), running: .seconds(17))
            : spent(copying: .seconds(1), running: .seconds(17)))
      }, notes: [])
    #expect(
      Verdict.sentences(for: [report]) == [
        "big: 83 % of the busy time of rows on 2 workers was copying, 1.00 MiB per item."
      ])
  }

  @Test("The crossover lies between the sizes where the order changes")
  func crossover() throws {
    func figure(_ ratios: [(String, Double)]) -> Figure? {
      PayloadScenario.crossover(
        ratios.flatMap { name, ratio in
          [("echo", ratio), ("shared", 1)].map { strategy, seconds in
            Measurement(
              key: .init(scenario: .payload, label: CaseLabel(name), strategy: strategy, workers: 2),
              seconds: [seconds])
          }
        })
    }
    // A factor of four each way over sixty-four times the size: in the middle.
    let middle = try #require(figure([("1KiB", 0.25), ("64KiB", 4)])?.value)
    #expect(abs(middle - 8192) < 1)
    #expect(figure([("1KiB", 2), ("64KiB", 4)])?.value == 1024)
    #expect(figure([("1KiB", 0.5), ("64KiB", 0.9)])?.value == nil)
    #expect(figure([("1KiB", 0.5)]) == nil)
    // From there on at all sizes: what was faster once and then not does not count.
    #expect(try #require(figure([("1B", 2), ("1KiB", 0.25), ("64KiB", 4)])?.value) > 1024)
    // What is within noise neither counts for sharing nor against it.
    #expect(figure([("1KiB", 0.25), ("64KiB", 4), ("1MiB", 0.99), ("64MiB", 9)])?.value == middle)
    #expect(figure([("1KiB", 0.25), ("64KiB", 0.99)])?.value == nil)
    #expect(figure([("1KiB", 1.01), ("64KiB", 4)])?.value == 65_536)
  }
}
