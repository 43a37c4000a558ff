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

extension RecyclingPolicy {
  /// The policy as the scheduler follows it.
  ///
  /// - Parameter areThreads: whether the workers are threads, which start in no time and have their process's memory.
  func resolve(areThreads: Bool) throws(WorkerStartFailure) -> Recycling {
    try PoolArguments.check("recycling.items", items, atLeast: 1)
    try PoolArguments.check("recycling.age", age)
    try PoolArguments.check("recycling.memory", memory, atLeast: .bytes(1))
    try PoolArguments.check("recycling.standby", standby, in: 0...PoolArguments.mostWorkers)
    return Recycling(
      maximumTasks: items.map(UInt64.init), maximumAge: age?.nanoseconds,
      limitsMemory: memory != nil && !areThreads, standby: areThreads ? 0 : standby)
  }
}

extension WorkerLimits {
  /// The limits as they travel.
  func resources() throws(WorkerStartFailure) -> ResourceLimits {
    try PoolArguments.check("limits.memory", memory, atLeast: .bytes(1))
    try PoolArguments.check("limits.processorTime", processorTime)
    if processors?.isEmpty == true { throw WorkerStartFailure("limits.processors must not be empty") }
    for processor in processors ?? [] {
      try PoolArguments.check("a processor in limits.processors", processor, in: 0...(1 << 20) - 1)
    }
    var resources = ResourceLimits()
    resources.memory = UInt64(memory?.bytes ?? 0)
    resources.processorTime = processorTime.map { UInt64(($0.nanoseconds - 1) / 1_000_000_000 + 1) } ?? 0
    resources.niceness = Int32(clamping: niceness ?? 0)
    resources.processors = (processors ?? []).sorted().map { UInt32($0) }
    return resources
  }
}
