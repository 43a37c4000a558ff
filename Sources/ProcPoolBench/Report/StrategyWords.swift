/// Descriptions of strategies and cases for readers who do not know their names.
enum StrategyWords {
  /// Returns a phrase that describes a strategy; `nil` if its name is sufficient.
  static func text(of key: MeasurementKey) -> String? {
    words[key.scenario]?[key.strategy] ?? (key.strategy == Measurement.serial ? "a plain loop, no pool" : nil)
  }

  /// Returns a phrase that describes a case; `nil` if its name or variant is sufficient.
  static func text(of scenario: ScenarioName, _ label: CaseLabel, isQuick: Bool, items: Int?) -> String? {
    switch (scenario, label.name) {
    case (.matmul, "low-l"): product(MatmulScenario.lowL)
    case (.matmul, "high-l"): product(MatmulScenario.highL)
    case (.matmul, "big"): product(isQuick ? MatmulScenario.quickBig : MatmulScenario.big)
    case (.partialSums, "array-sum"): items.map { "a sum of \(Units.count(Double($0))) numbers" }
    case (.partialSums, "slow-series"), (.partialSums, "slow-series-long"):
      items.map { "a sum of 1/k, \(Units.count(Double($0))) terms" }
    case (.partialSums, "trigonometric"): items.map { "a sum of cos(k)/k, \(Units.count(Double($0))) terms" }
    case (.sleep, "tenths"): "10 tasks that wait 0.1 s"
    case (.sleep, "seconds"): "10 tasks that wait 1 s"
    default: nil
    }
  }

  private static func product(_ shape: MatmulShape) -> String {
    "\(Units.grouped(shape.m))×\(Units.grouped(shape.l)) · \(Units.grouped(shape.l))×\(Units.grouped(shape.n)) matrices"
  }

  private static let words: [ScenarioName: [String: String]] = [
    .matmul: [
      "elements": "a row of A and a column of B sent for every element of the product",
      "rows": "a row of A and all of B sent for every row",
      "rows-b-once": "B sent once to each worker, then a row of A for every row",
      "elements-in-place": "matrices in shared memory, one element per item",
      "rows-in-place": "matrices in shared memory, one share of the rows per worker",
      "rows-in-place-locked": "matrices in shared memory, shares of the rows, the product behind a lock",
      "blocks-in-place": "matrices in shared memory, eight blocks",
      "sharing": "creating and filling shared matrices",
      "bare": "the same by direct system calls",
    ],
    .partialSums: [
      "intervals": "one interval per worker, sent in a message",
      "small-intervals": "sixteen intervals per worker, sent in messages",
      "intervals-by-term": "one interval per worker, summed in a loop over single terms",
      "map-reduce": "mapReduce: one item per term, summed in the workers",
      "terms": "imap: one item and one message per term",
      "shared": "the array in shared memory, one range per worker",
      "shared-locked-total": "the array in shared memory, one total behind a lock",
      "shared-atomic-total": "the array in shared memory, one atomic total",
    ],
    .overhead: [
      "round-trips": "apply: one item, its result, then the next",
      "chunk-1": "imap: one item per message",
      "chunk-64": "imap: 64 items per message",
      "automatic": "map: as many items per message as the pool chooses",
    ],
    .payload: [
      "echo": "sent to a worker and back by apply",
      "shared": "in shared memory; the worker copies it",
      "bare-copies": "copied four times within one process",
    ],
    .locks: [
      "lock": "under the lock of a LockedValue",
      "atomic": "by SharedCounter.add",
      "nothing": "read, then written: updates are lost",
    ],
    .sleep: ["map": "map on the pool"],
    .spawn: ["broadcast": "start a pool and wait until each worker has answered"],
    .recycling: [
      "one-process": "each worker keeps its process",
      "25-items-each": "each process is replaced after 25 items",
      "cold": "a new process is started after the death",
      "standing-by": "a spare process takes over",
    ],
    .uneven: ["map": "map: as many items per message as the pool chooses"],
    .growth: ["imap": "imap: one item per message"],
  ]
}
