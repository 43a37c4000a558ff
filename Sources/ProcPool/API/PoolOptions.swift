import ProcPoolSystem
import ProcPoolWorker

/// What becomes of what workers write to standard error, and of what their tasks print.
///
/// In every case the last lines of a worker that is lost are part of the report
/// (``WorkerLoss/standardError``).
public enum StandardErrorMode: Sendable {
  /// It appears on the coordinator's standard error, as it comes.
  case inherited
  /// Nobody sees it.
  case discarded
  /// Each line is handed to a closure, on the pool's runtime thread, which serves all workers: it must return
  /// soon.
  case lines(@Sendable (WorkerID, String) -> Void)

  var isInherited: Bool {
    if case .inherited = self { return true }
    return false
  }
}

/// How many workers a pool has, and why.
public struct PoolSizing: Sendable, Hashable, CustomStringConvertible {
  /// The number of workers.
  public let workers: Int
  /// Whether the caller asked for that number.
  public let isExplicit: Bool
  /// Processors that the scheduling affinity of this process allows.
  public let affinity: Int
  /// Processors' worth of time that the control group's `cpu.max` allows, if it sets a limit.
  public let quota: Double?

  init(requested: Int?, allowance: ProcessorAllowance = .current()) {
    workers = requested ?? allowance.workers
    isExplicit = requested != nil
    affinity = allowance.affinity
    quota = allowance.quota
  }

  /// Processors that this process may use, read once.
  static let processors = ProcessorAllowance.current().workers

  public var description: String {
    let workers = workers == 1 ? "1 worker" : "\(workers) workers"
    if isExplicit { return "\(workers), as asked for" }
    guard let quota, quota < Double(affinity) else {
      return "\(workers): one for each processor that this process may run on"
    }
    return "\(workers): the control group allows \(quota) processors' worth of time (cpu.max), "
      + "of the \(affinity) that this process may run on"
  }
}
