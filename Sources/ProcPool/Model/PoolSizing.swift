import ProcPoolSystem

/// The number of workers of a pool, and the reason for it.
public struct PoolSizing: Sendable, Hashable, CustomStringConvertible {
  /// The number of workers.
  public let workers: Int
  /// Whether the caller specified the number, so that the number of processors played no role.
  public let isExplicit: Bool
  /// The number of processors that the scheduling affinity of this process allows.
  public let affinity: Int
  /// The control group's CPU quota, in CPUs; `nil` if it sets none.
  public let quota: Double?
  /// The control-group file that sets the quota: `cpu.max`, or `cpu.cfs_quota_us` in version 1;
  /// `nil` without a quota.
  public let quotaFile: String?

  /// - Throws: if the number of workers is out of range.
  init(_ placement: WorkerPlacement, allowance: ProcessorAllowance = .current()) throws(WorkerStartFailure) {
    workers = placement.count(processors: allowance.workers) ?? .max
    try PoolArguments.check("workers", workers, in: 1...PoolArguments.mostWorkers)
    isExplicit = placement.isExplicit
    affinity = allowance.affinity
    quota = allowance.quota
    quotaFile = allowance.quota == nil ? nil : allowance.quotaFile
  }

  /// The number of processors that this process may use, read once.
  static let processors = ProcessorAllowance.current().workers

  /// The number of workers and the reason, as a sentence.
  public var description: String {
    let workers = workers == 1 ? "1 worker" : "\(workers) workers"
    if isExplicit { return "\(workers), as asked for" }
    guard let quota, quota < Double(affinity) else {
      return "\(workers): one for each processor that this process may run on"
    }
    let file = quotaFile.map { " (\($0))" } ?? ""
    return "\(workers): the control group limits this process to \(quota) CPUs\(file), "
      + "of the \(affinity) in its affinity mask"
  }
}
