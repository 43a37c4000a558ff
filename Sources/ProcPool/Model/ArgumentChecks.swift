import ProcPoolSystem
import ProcPoolWorker

// Numbers that a pool is created with often come from a flag or a file, so `Pool.init` throws an
// error for an invalid one rather than trapping.

/// Checks of the numbers that a pool is created with.
enum PoolArguments {
  /// The largest number of processes in a pool: twice Linux's default `kernel.pid_max` of 32 768.
  static let mostWorkers = 1 << 16

  static func check<Number: Comparable & Sendable>(
    _ name: String, _ value: Number?, in range: ClosedRange<Number>
  ) throws(WorkerStartFailure) {
    guard let value, !range.contains(value) else { return }
    throw WorkerStartFailure("\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
  }

  static func check<Number: Comparable & Sendable>(
    _ name: String, _ value: Number?, atLeast least: Number
  ) throws(WorkerStartFailure) {
    guard let value, value < least else { return }
    throw WorkerStartFailure("\(name) must be at least \(least), not \(value)")
  }

  /// Checks that a duration is positive.
  static func check(_ name: String, _ value: Duration?) throws(WorkerStartFailure) {
    guard let value, value <= .zero else { return }
    throw WorkerStartFailure("\(name) must be positive, not \(value)")
  }
}
