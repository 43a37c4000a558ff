import ProcPoolSystem
import ProcPoolWorker

// What a pool can be made of. Such numbers come from a flag or a file often enough: one that makes no sense is an
// error of `Pool.init`, and not the end of the program.

/// Checks on numbers that a pool is made with.
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

  /// Positive.
  static func check(_ name: String, _ value: Duration?) throws(WorkerStartFailure) {
    guard let value, value <= .zero else { return }
    throw WorkerStartFailure("\(name) must be positive, not \(value)")
  }
}
