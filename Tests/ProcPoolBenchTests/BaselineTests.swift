import Foundation
import Testing

@testable import ProcPoolBench

/// Runs are compared with an earlier one, and only what is beyond the noise of both is told.
@Suite struct ComparisonWithABaseline {
  private func report(_ seconds: [String: [Double]]) -> BenchReport {
    let measurements = seconds.sorted { $0.key < $1.key }.map { strategy, seconds in
      Measurement(
        key: MeasurementKey(scenario: .overhead, label: "imap", strategy: strategy, workers: 2),
        seconds: seconds, verified: true)
    }
    return BenchReport(
      machine: .current(), workers: 2, options: BenchOptions(),
      scenarios: [ScenarioReport(name: .overhead, measurements: measurements, notes: [])])
  }

  @Test func onlyWhatMovedBeyondTheNoiseIsTold() throws {
    let before = report(["even": [1, 2, 3], "faster": [4, 5, 6], "slower": [1, 1.1, 1.2], "gone": [1, 1]])
    let now = report(["even": [2, 3, 4], "faster": [1, 1, 3.9], "slower": [2, 2.2, 2.4], "new": [1, 1]])
    let baseline = try Baseline(json: Data(before.json.utf8), named: "before.json")
    #expect(
      now.comparison(with: baseline) == """
        compared with the baseline
        case            strategy  workers  before     now  change
        ──────────────  ────────  ───────  ──────  ──────  ─────────────
        overhead, imap  faster          2  5.00 s  1.00 s  5.00× as fast
        overhead, imap  slower          2  1.10 s  2.20 s  2.00× as long
        · 2 of 3 measurements changed beyond the noise of both runs.

        """)
  }

  @Test func aSingleRunSaysNothingOfTheNoise() throws {
    let baseline = try Baseline(json: Data(report(["a": [1]]).json.utf8), named: "before.json")
    #expect(report(["a": [5, 6]]).comparison(with: baseline).contains("0 of 0 measurements"))
  }

  @Test func whatIsNoRunIsRefusedInWords() {
    for text in ["", "{}", "[1]", #"{"schema": 2, "quick": false, "measurements": []}"#] {
      let error = #expect(throws: Baseline.Unusable.self) {
        try Baseline(json: Data(text.utf8), named: "before.json")
      }
      #expect(error?.description.contains("before.json is not what") == true)
    }
    let error = #expect(throws: Baseline.Unusable.self) { try Baseline(contentsOf: "/nowhere/at.all") }
    #expect(error?.description == "the file /nowhere/at.all cannot be read (No such file or directory)")
  }
}
