import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The destination of what workers write to standard error and what their tasks print.
///
/// In every mode, the last lines of a lost worker are part of its report (``WorkerLoss/standardError``). Text
/// that a task prints without a final newline leaves the worker at the end of its chunk, or when it crashes or exits;
/// it is lost if the worker is killed, or ends by `_exit`.
///
/// `inherited` and `prefixed` write to the file that descriptor 2 referred to when the pool was created: redirect
/// it before that. If the descriptor is closed later, a file that gets its number receives none of the text. If the
/// file accepts no data for a while (a full pipe, a terminal stopped by Ctrl-S), the workers that write block, as if
/// they wrote to it themselves; time limits, cancellation and other workers are not affected. If it will never accept
/// data again (its reader has closed it, its disk is full), the text is dropped.
///
/// ``Pool/join()`` returns, and an exiting program exits, when all text has been written. Both drop the rest
/// after 10 seconds without progress, and after 60 seconds in any case. Up to 16 MiB of text from workers that
/// have ended is buffered; a line on standard error says how many bytes beyond that were dropped.
public enum StandardErrorMode: Sendable {
  /// Writes text to the coordinator's standard error unchanged, in whole lines, so that lines of different workers
  /// are not interleaved. A line is split if it is longer than 64 KiB, or if its newline does not arrive within
  /// half a second.
  case inherited
  /// Drops text.
  case discarded
  /// Writes text to the coordinator's standard error line by line, each line prefixed with its worker. A line
  /// longer than 64 KiB is split.
  case prefixed
  /// Passes each line to a closure on the pool's runtime thread, which serves all workers: it must return
  /// quickly. A line longer than 64 KiB is split between Unicode scalars. Invalid UTF-8 becomes U+FFFD.
  case lines(@Sendable (WorkerID, String) -> Void)
  /// Passes the text of an item to a closure when the item has ended, possibly shortly after its result is
  /// available. Of longer texts only the end is kept, at least 1 MiB. The closure runs on the pool's runtime
  /// thread, as for `lines`. Text that belongs to no item is dropped. Costs one system call per item. For
  /// `mapReduce` an item is a part.
  case items(@Sendable (TaskID, WorkerID, String) -> Void)

  var marksItems: Bool {
    if case .items = self { return true }
    return false
  }
}

/// When and how a pool tells of items that run for long, by ``PoolEvent/itemStalled(_:_:elapsed:stack:)``.
public struct StallNotice: Hashable, Sendable {
  /// How long an item has been running when it is told of, once.
  public var time: Duration
  /// Whether what the item is doing is told, too: the functions that its worker's serving thread is in. What
  /// a task awaits is not on that thread.
  ///
  /// The worker is looked at as a debugger does it (`ptrace`): it stands still for some hundred microseconds
  /// and notices nothing. Where the system forbids that, no functions are told. Looking up their names takes
  /// some milliseconds of a thread of the coordinator's.
  public var includesStack: Bool

  public init(after time: Duration, includesStack: Bool = false) {
    require(time > .zero, "StallNotice(after:) needs a positive duration, not \(time)")
    self.time = time
    self.includesStack = includesStack
  }
}

/// One function that a worker has entered and not left.
public struct StackFrame: Hashable, Sendable, CustomStringConvertible {
  /// The function as its source has it, if the worker's program says.
  public let function: String?
  /// The name of the program or library, if it is one's.
  public let image: String?
  /// Where it goes on, in the worker's memory.
  public let address: UInt64

  init(_ frame: StackWalk.Frame) {
    function = frame.function
    image = frame.image.map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
    address = frame.address
  }

  public var description: String {
    "\(function?.visible() ?? "0x" + String(address, radix: 16))\(image.map { " (\($0.visible()))" } ?? "")"
  }
}

/// What each worker may use of the machine. Set by the worker itself before it does anything else; where the
/// system refuses it, the worker does not start and says why.
public struct WorkerLimits: Hashable, Sendable {
  /// Memory of its own (`RLIMIT_DATA`), not counting shared memory or the program itself. An allocation beyond the
  /// limit fails, which crashes a Swift program; the item is reported as lost, with this cause. An idle worker takes
  /// some 3 MB, and 8 MiB of stack.
  public var memory: ByteCount?
  /// Time on processors, in its whole life, in whole seconds, rounded up (`RLIMIT_CPU`): then it is ended by
  /// `SIGXCPU`.
  public var processorTime: Duration?
  /// How much it gives way to other processes, from 0 to 19 (`nice`).
  public var niceness: Int?
  /// The numbers of the processors that it may run on. The same for all workers of the pool.
  public var processors: Set<Int>?

  public init(
    memory: ByteCount? = nil, processorTime: Duration? = nil, niceness: Int? = nil,
    processors: Set<Int>? = nil
  ) {
    self.memory = memory
    self.processorTime = processorTime
    self.niceness = niceness
    self.processors = processors
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
  /// The control group's CPU quota, in CPUs; `nil` if it sets none.
  public let quota: Double?
  /// The control-group file that sets the quota: `cpu.max`, or `cpu.cfs_quota_us` in version 1; `nil` without a
  /// quota.
  public let quotaFile: String?

  /// - Throws: if the number of workers makes no sense.
  init(_ placement: WorkerPlacement, allowance: ProcessorAllowance = .current()) throws(WorkerStartFailure) {
    workers = placement.count(processors: allowance.workers) ?? .max
    try PoolArguments.check("workers", workers, in: 1...PoolArguments.mostWorkers)
    isExplicit = placement.isExplicit
    affinity = allowance.affinity
    quota = allowance.quota
    quotaFile = allowance.quota == nil ? nil : allowance.quotaFile
  }

  /// Processors that this process may use, read once.
  static let processors = ProcessorAllowance.current().workers

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
