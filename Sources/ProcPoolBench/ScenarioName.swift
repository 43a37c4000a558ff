/// The benchmark's scenarios.
public enum ScenarioName: String, CaseIterable, Sendable {
  /// Products of matrices, with the operands sent or shared in different ways.
  case matmul

  /// Sums of an array and of two series, in intervals and term by term.
  case partialSums = "partial-sums"

  /// The cost of an item with almost no work.
  case overhead

  /// Round trips of payloads from one byte to 256 MiB, sent and shared.
  case payload

  /// Locks and atomic counters in shared memory, and the updates lost without them.
  case locks

  /// Ten tasks that sleep.
  case sleep

  /// The time from the start of a pool until every worker has answered.
  case spawn

  /// The replacement of processes, by recycling and after a crash.
  case recycling

  /// Items of very different durations.
  case uneven

  /// The cost of an item with many items, and with many workers.
  case growth

  /// A phrase that says what the scenario measures.
  public var summary: String {
    switch self {
    case .matmul:
      "products of matrices: operands sent per element, per row or once per worker, or read in shared memory"
    case .partialSums:
      "sums of an array and of two series: in intervals, also on 1, 2, 4 and 8 workers, and term by term"
    case .overhead: "the cost of an item with almost no work"
    case .payload:
      "round trips of 1 byte to 256 MiB, sent and shared, and the size from which sharing is faster"
    case .locks: "the cost of locks and atomic counters in shared memory, and the updates lost without them"
    case .sleep: "ten tasks that sleep for 0.1 s each, or for 1 s with --case seconds"
    case .spawn: "the time from the start of a pool until every worker has answered"
    case .recycling:
      "processes replaced every 25 items of 250 us, and the time from a worker's death to the next result"
    case .uneven: "items of very different durations, compared with the best possible schedule"
    case .growth:
      "the cost of an item in calls of 10 thousand to 100 million, on 1 to 64 workers; runs only if selected"
    }
  }

  /// The names that `--case` accepts for this scenario, in the order in which they run. All are
  /// distinct from those of other scenarios, so that `--case` needs no `--scenario`.
  public var cases: [String] {
    switch self {
    case .matmul: ["low-l", "high-l", "big"]
    case .partialSums: ["array-sum", "slow-series", "slow-series-long", "trigonometric"]
    case .overhead: ["apply", "imap", "map"]
    case .payload: PayloadScenario.sizes.map(\.name)
    case .locks: ["uncontended", "contended", "race"]
    case .sleep: ["tenths", "seconds"]
    case .spawn: ["start"]
    case .recycling: ["sleeping", "computing", "death"]
    case .uneven: ["mandelbrot", "log-normal"]
    case .growth: ["items", "workers"]
    }
  }

  /// The cases that run only if `--case` selects them.
  var casesOnRequest: Set<String> {
    switch self {
    case .sleep: ["seconds"]
    case .partialSums: ["slow-series-long"]
    default: []
    }
  }

  /// Whether its strategies have different numbers of equal items, and are therefore compared by
  /// the time per item.
  var comparesItems: Bool { self == .overhead || self == .growth }

  /// Whether it runs only if `--scenario` or `--case` selects it, because it takes half a minute.
  var isOnRequest: Bool { self == .growth }
}
