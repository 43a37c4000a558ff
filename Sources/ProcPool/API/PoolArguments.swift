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

extension WorkerLimits {
  /// The limits as they travel.
  func resources() throws(WorkerStartFailure) -> ResourceLimits {
    try PoolArguments.check("memory in limits", memory, atLeast: 1)
    try PoolArguments.check("processorTime in limits", processorTime)
    if processors?.isEmpty == true { throw WorkerStartFailure("processors in limits must not be empty") }
    for processor in processors ?? [] {
      try PoolArguments.check("a processor in limits", processor, in: 0...(1 << 20) - 1)
    }
    var resources = ResourceLimits()
    resources.memory = UInt64(memory ?? 0)
    resources.processorTime = processorTime.map { UInt64(($0.nanoseconds - 1) / 1_000_000_000 + 1) } ?? 0
    resources.niceness = Int32(clamping: niceness ?? 0)
    resources.processors = (processors ?? []).sorted().map { UInt32($0) }
    return resources
  }
}
