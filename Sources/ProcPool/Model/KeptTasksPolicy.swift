/// The prepared tasks that workers keep between calls.
///
/// A call whose task a worker has kept starts from a copy of the task as `prepare` left it: the
/// task is neither sent nor decoded nor prepared. Tasks are the same if their types and their
/// encoded bytes are equal. When a worker exceeds a limit, it releases its least recently used
/// task. Tasks that are prepared in less than 100 µs are not kept.
///
/// A kept task does not keep shared arrays alive: it is released with the coordinator's last
/// reference to one of them.
public struct KeptTasksPolicy: Hashable, Sendable {
  /// The maximum number of tasks in each worker; 8 by default. At least 0.
  public var count: Int
  /// The maximum memory of the tasks in each worker: the growth of the worker's private memory
  /// during their preparation, and at least their encoded bytes.
  ///
  /// By default a quarter of ``WorkerLimits/memory`` or ``RecyclingPolicy/memory``, whichever is
  /// smaller, or 1 GiB if neither is set. For a worker on a thread, only the encoded bytes count.
  public var memory: ByteCount?

  /// Creates a policy. Omitted arguments have the defaults that are documented with the properties.
  public init(count: Int = 8, memory: ByteCount? = nil) {
    self.count = count
    self.memory = memory
  }

  /// Every call prepares its task.
  public static let none = KeptTasksPolicy(count: 0)
}
