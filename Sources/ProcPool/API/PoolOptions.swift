import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// Where text goes that workers write to standard error and that their tasks print.
///
/// In every mode the last lines of a worker that is lost are part of the report (``WorkerLoss/standardError``).
/// What a task has printed without ending the line leaves the worker at the end of its chunk.
///
/// `inherited` and `prefixed` write to the program's standard error as it was when the pool was made. A program that
/// redirects descriptor 2 does so before it makes the pool; one that closes it later finds no text in the file that
/// gets the number. If the file takes nothing, as a full pipe or a terminal stopped by Ctrl-S, workers that write wait
/// as if they wrote there themselves, while time limits, cancellation and other workers go on. If it can take nothing
/// any more (its reader has left, its disk is full), the text is dropped.
///
/// A pool has ended, and ``Pool/join()`` returns, when all the text has been passed on. It gives up on text of which
/// nothing was taken for 10 seconds, or which is not all taken after a minute; so does a program that exits. Up to
/// 16 MiB of text wait for workers that have ended. A line on standard error says how much beyond that is missing.
public enum StandardErrorMode: Sendable {
  /// Text appears on the coordinator's standard error, byte for byte, in whole lines: those of several workers do not
  /// mix. A line appears in pieces if it is longer than 64 KiB or if its end does not come within half a second.
  case inherited
  /// Text is dropped.
  case discarded
  /// Text appears on the coordinator's standard error line by line, each with its worker before it. A line of more than
  /// 64 KiB is cut into several.
  case prefixed
  /// Each line is handed to a closure, on the pool's runtime thread, which serves all workers: it must return
  /// soon. A line of more than 64 KiB comes in pieces, cut between characters' scalars. Bytes that are no UTF-8 become
  /// U+FFFD.
  case lines(@Sendable (WorkerID, String) -> Void)
  /// The text of an item is handed to a closure as a whole when the item has ended, perhaps a moment after its result
  /// is there; of more than a megabyte the end. On the pool's runtime thread, as for `lines`. Text that belongs to no
  /// item is dropped. Costs a system call for each item. For `mapReduce` an item is a part.
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
    require(
      time > .zero, "the time after which an item is told of must be more than nothing, not \(time)")
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
  /// Bytes of memory of its own (`RLIMIT_DATA`): what it shares does not count, nor its program. Who asks for
  /// more does not get it, which ends Swift programs; the item is lost, and the report says why. A worker
  /// takes some 3 MB before it has done anything, and 8 MiB of stack.
  public var memory: Int?
  /// Time on processors, in its whole life, in whole seconds, rounded up (`RLIMIT_CPU`): then it is ended by
  /// `SIGXCPU`.
  public var processorTime: Duration?
  /// How much it gives way to other processes, from 0 to 19 (`nice`).
  public var niceness: Int?
  /// The numbers of the processors that it may run on. The same for all workers of the pool.
  public var processors: Set<Int>?

  public init(
    memory: Int? = nil, processorTime: Duration? = nil, niceness: Int? = nil, processors: Set<Int>? = nil
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
  /// Processors' worth of time that the control group allows, if it sets a limit.
  public let quota: Double?
  /// The control group's file that sets the limit: `cpu.max`, or `cpu.cfs_quota_us` under control groups of version 1.
  public let quotaFile: String?

  init(requested: Int?, allowance: ProcessorAllowance = .current()) {
    workers = requested ?? allowance.workers
    isExplicit = requested != nil
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
    return "\(workers): the control group allows \(quota) processors' worth of time\(file), "
      + "of the \(affinity) that this process may run on"
  }
}
