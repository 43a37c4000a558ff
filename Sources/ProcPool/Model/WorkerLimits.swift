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
