import ProcPool

/// When a strategy runs once without being counted.
enum WarmUp {
  /// Before its first run of all.
  case once
  /// Before its first run on a pool, too.
  case eachPool
  /// Before the runs on each sample.
  case always
}

/// Runs strategies by the clock and keeps what comes out.
final class Recorder {
  private(set) var measurements: [Measurement] = []
  private let progress: (String) -> Void

  /// The pools that strategies ran on last.
  private var pools: [MeasurementKey: WeakPool] = [:]

  private struct WeakPool {
    weak var pool: Pool?
  }

  /// Creates a recorder that says, before each run, what it is about to do.
  init(progress: @escaping (String) -> Void) { self.progress = progress }

  func itemsPerSecond(_ key: MeasurementKey) -> Double? {
    measurements.first { $0.key == key }?.itemsPerSecond
  }

  /// Says what is being done outside the clock.
  func announce(_ activity: String) { progress(activity) }

  /// Runs a strategy several times and adds the runs to what is known about it.
  ///
  /// Only `body` is inside the clock. Before the others there may be one run more that is not counted: pages
  /// are touched, caches filled, workers woken and shared memory mapped in them. Its result is checked like
  /// all others.
  ///
  /// - Parameters:
  ///   - key: What is measured.
  ///   - items: How many items a run has.
  ///   - runs: How often to run.
  ///   - pool: Whose statistics say what a run cost.
  ///   - warmingUp: When there is a run that is not counted.
  ///   - body: The work.
  ///   - verify: Whether a result is right; also where what a run left open is closed.
  func measure<Output>(
    _ key: MeasurementKey, items: Int?, runs: Int, on pool: Pool? = nil, warmingUp: WarmUp = .eachPool,
    body: () async throws -> Output,
    verify: (Output) async -> Bool
  ) async throws {
    let index: Int
    var warmsUp =
      switch warmingUp {
      case .once: false
      case .eachPool: pool != nil && pools[key]?.pool !== pool
      case .always: true
      }
    if pool != nil { pools[key] = WeakPool(pool: pool) }
    if let known = measurements.firstIndex(where: { $0.key == key }) {
      index = known
    } else {
      index = measurements.count
      measurements.append(Measurement(key: key, items: items))
      warmsUp = true
    }
    let name = "\(key.scenario.rawValue) · \(key.label) · \(key.strategy)"
    for run in (warmsUp ? 0 : 1)..<(runs + 1) {
      progress(run == 0 ? "\(name) · warming up" : "\(name) · run \(run) of \(runs)")
      let before = pool?.statistics
      let start = ContinuousClock.now
      let output = try await body()
      let elapsed = ContinuousClock.now - start
      let after = pool?.statistics
      measurements[index].verified = await verify(output) && measurements[index].verified != false
      if run == 0 { continue }
      measurements[index].seconds.append(elapsed / .seconds(1))
      if let before, let after { measurements[index].spent += after - before }
    }
  }
}
