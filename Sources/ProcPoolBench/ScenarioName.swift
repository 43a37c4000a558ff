/// What the benchmark can measure.
public enum ScenarioName: String, CaseIterable, Sendable {
  /// Products of matrices, with the operands sent in different ways.
  case matmul

  /// Sums of an array and of two series, in intervals and term by term.
  case partialSums = "partial-sums"

  /// What an item costs that does hardly anything.
  case overhead

  /// Round trips of payloads from one byte to 256 MiB, sent and shared.
  case payload

  /// Locks and atomic counters in shared memory, and what is lost without them.
  case locks

  /// Ten tasks that only wait.
  case sleep

  /// From nothing to workers that have answered.
  case spawn

  /// Processes that are replaced on purpose, and those that have died.
  case recycling

  /// Items that take very different times.
  case uneven

  /// What an item costs when there are many, and many workers.
  case growth

  /// What it measures, as a fragment.
  public var summary: String {
    switch self {
    case .matmul:
      "products of matrices; the operands go by element, by row, and once, or lie in shared memory"
    case .partialSums:
      "sums of an array and of two series, in intervals (on 1, 2, 4 and 8 workers, too) and term by term"
    case .overhead: "what an item costs that does hardly anything"
    case .payload:
      "round trips of 1 byte to 256 MiB, sent and shared, and from what size on sharing is faster"
    case .locks: "locks and atomic counters in shared memory, and what is lost without them"
    case .sleep: "ten tasks that only wait, a tenth of a second each, or a second if asked for by name"
    case .spawn: "from nothing to workers that have answered"
    case .recycling:
      "processes that are replaced every 25 items of 250 us, and from a worker's death to the next result"
    case .uneven: "items that take very different times, beside the best schedule that there is"
    case .growth:
      "what an item costs with 10 thousand to 100 million of them, and 1 to 64 workers; if asked for"
    }
  }

  /// The names that `--case` accepts for this scenario, in the order in which they run.
  ///
  /// A name of one scenario is never a name of another, so that a case can be asked for by its name alone.
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

  /// The cases that run only when they are asked for by name.
  var casesOnRequest: Set<String> {
    switch self {
    case .sleep: ["seconds"]
    case .partialSums: ["slow-series-long"]
    default: []
    }
  }

  /// Whether its strategies have different numbers of the same items, and are to be compared by what one takes.
  var comparesItems: Bool { self == .overhead || self == .growth }

  /// Whether it runs only when it or one of its cases is asked for by name: it takes half a minute.
  var isOnRequest: Bool { self == .growth }
}
