import Dispatch
import Glibc
import ProcPoolSystem

/// Runs many schedules, on all processors: `simulate SCHEDULES [FIRST_SEED]`. Exit 1 if any breaks a promise,
/// or if many do not reach all that they are for.
@main struct Simulate {
  static func main() {
    let numbers = CommandLine.arguments.dropFirst().map { UInt64($0) }
    guard (1...2).contains(numbers.count), let schedules = numbers[0], let seed = numbers.last! else {
      StandardError.writeLine("usage: simulate SCHEDULES [FIRST_SEED]")
      exit(64)
    }
    let first = numbers.count == 2 ? seed : UInt64.random(in: 0..<1 << 40)
    print("\(schedules) schedules from seed \(first)")
    let start = ContinuousClock.now
    let processors = ProcessorAllowance.current().workers
    // Each has every n-th seed, so that all end at about the same time.
    let results = Results(parts: processors)
    DispatchQueue.concurrentPerform(iterations: processors) { part in
      var tally = Simulation.Tally()
      for seed in stride(from: first + UInt64(part), to: first + schedules, by: processors) {
        tally.add(Simulation.run(seed: seed))
      }
      results.set(tally, at: part)
    }
    let total = results.total
    for breach in total.breaches.prefix(20) { print(breach) }
    print(
      total.counts.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", "))
    print("\(total.breaches.count) breaches in \(total.steps) steps, \(ContinuousClock.now - start)")
    let missed = Simulation.kinds.filter { total.counts[$0] == nil }
    if schedules >= 1_000, !missed.isEmpty {
      print("Never reached: \(missed.joined(separator: ", "))")
      exit(1)
    }
    exit(total.breaches.isEmpty ? 0 : 1)
  }
}

/// - Because `@unchecked Sendable`: each thread writes one element, and nobody reads before all have.
private final class Results: @unchecked Sendable {
  private let parts: UnsafeMutableBufferPointer<Simulation.Tally>

  init(parts count: Int) {
    parts = .allocate(capacity: count)
    parts.initialize(repeating: Simulation.Tally())
  }

  deinit {
    parts.deinitialize()
    parts.deallocate()
  }

  func set(_ tally: Simulation.Tally, at part: Int) { parts[part] = tally }

  var total: Simulation.Tally {
    var total = Simulation.Tally()
    for part in parts { total.add(part) }
    return total
  }
}
