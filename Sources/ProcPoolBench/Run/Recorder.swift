import ProcPool

/// When a strategy has a warm-up run, which is not recorded.
enum WarmUp {
  /// Before its first run.
  case once
  /// Before its first run on each pool.
  case eachPool
  /// Before the runs on each sample.
  case always
}

/// Measures strategies and keeps the results.
final class Recorder {
  private(set) var measurements: [Measurement] = []
  private let progress: (String) -> Void

  /// The last pool of each strategy.
  private var pools: [MeasurementKey: WeakPool] = [:]

  private struct WeakPool {
    weak var pool: Pool?
  }

  /// Creates a recorder that reports each run before it starts.
  init(progress: @escaping (String) -> Void) { self.progress = progress }

  func itemsPerSecond(_ key: MeasurementKey) -> Double? {
    measurements.first { $0.key == key }?.itemsPerSecond
  }

  /// Reports an activity that is not measured.
  func announce(_ activity: String) { progress(activity) }

  /// Runs a strategy several times, and adds the runs to its measurement.
  ///
  /// Only `body` is measured. A warm-up run before the measured ones touches pages, fills caches,
  /// wakes workers and maps shared memory. Its result is verified as well.
  ///
  /// - Parameters:
  ///   - key: The identity of the measurement.
  ///   - items: The number of items of a run.
  ///   - runs: The number of measured runs.
  ///   - pool: The pool whose statistics are recorded.
  ///   - warmingUp: When there is a warm-up run.
  ///   - body: The work.
  ///   - verify: Returns whether a result is correct. It may also release resources of the run.
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
