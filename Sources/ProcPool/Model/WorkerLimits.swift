/// Limits on the resources of each worker.
///
/// A worker sets its limits before it does anything else. If the system refuses one, the worker
/// does not start, and the error has the reason.
public struct WorkerLimits: Hashable, Sendable {
  /// The maximum private memory (`RLIMIT_DATA`), without shared memory and the program itself. An
  /// allocation beyond the limit fails, which crashes a Swift program; the item is reported as
  /// lost, with this cause. An idle worker uses about 3 MB, and 8 MiB of stack.
  public var memory: ByteCount?
  /// The maximum processor time over the life of the worker, rounded up to whole seconds
  /// (`RLIMIT_CPU`). A worker that exceeds it is ended by `SIGXCPU`.
  public var processorTime: Duration?
  /// The niceness of the worker, from 0 to 19: a higher value means a lower scheduling priority.
  public var niceness: Int?
  /// The numbers of the processors that the worker may run on. They are the same for all workers of
  /// the pool.
  public var processors: Set<Int>?

  /// Creates limits. An omitted resource is not limited.
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
