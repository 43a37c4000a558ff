/// The configuration of a pool's workers, apart from their number and the program that they run.
///
///     let configuration = PoolConfiguration(
///       standardError: .prefixed,
///       limits: WorkerLimits(memory: .gibibytes(2)),
///       recycling: RecyclingPolicy(items: 1_000))
///     try await withPool(workers: 8, configuration: configuration) { pool in … }
///
/// Limits, payloads and recycling apply to worker processes. Workers on threads
/// (``WorkerSource/threads``) have no limits, share no payloads, and are replaced only after a
/// number of items or at an age.
public struct PoolConfiguration: Sendable {
  /// The environment variables of the workers; those of this process by default.
  public var environment: WorkerEnvironment
  /// The destination of the text that workers write to standard error and that tasks print; the
  /// standard error of this process by default.
  public var standardError: StandardErrorMode
  /// The resources that each worker may use; unlimited by default.
  public var limits: WorkerLimits
  /// The conditions under which workers are replaced, and the number of standby processes; by
  /// default workers are replaced only when they end.
  public var recycling: RecyclingPolicy
  /// The maximum length of inputs and outputs, and the way in which long ones are sent.
  public var payloads: PayloadPolicy
  /// The tasks that workers keep between calls; up to eight in each worker by default.
  public var keptTasks: KeptTasksPolicy
  /// The time that cancelled items have to stop before their worker is killed.
  public var cancellation: CancellationGrace
  /// The time after which a running item is reported as an event; `nil`, the default, for never. No
  /// other action is taken.
  public var stallNotice: StallNotice?
  /// The seed of `TaskContext.random`.
  public var seed: UInt64

  /// Creates a configuration. Omitted arguments have the defaults that are documented with the
  /// properties.
  public init(
    environment: WorkerEnvironment = .inherited, standardError: StandardErrorMode = .inherited,
    limits: WorkerLimits = WorkerLimits(), recycling: RecyclingPolicy = RecyclingPolicy(),
    payloads: PayloadPolicy = PayloadPolicy(), keptTasks: KeptTasksPolicy = KeptTasksPolicy(),
    cancellation: CancellationGrace = CancellationGrace(),
    stallNotice: StallNotice? = nil, seed: UInt64 = 0
  ) {
    self.environment = environment
    self.standardError = standardError
    self.limits = limits
    self.recycling = recycling
    self.payloads = payloads
    self.keptTasks = keptTasks
    self.cancellation = cancellation
    self.stallNotice = stallNotice
    self.seed = seed
  }
}

/// The conditions under which a pool replaces its worker processes by new ones.
///
/// A process that is due completes the items that it holds and exits. A standby process replaces it
/// without delay.
public struct RecyclingPolicy: Hashable, Sendable {
  /// The exact number of items that a process runs; a chunk that exceeds it is divided. Unlimited
  /// by default. At least 1.
  public var items: Int?
  /// The maximum age of a process, from its first work. Unlimited by default. Positive.
  public var age: Duration?
  /// The maximum private memory of a process. Checked every 100 ms while there is work. Unlimited
  /// by default. At least one byte.
  public var memory: ByteCount?
  /// The number of standby processes that can replace workers without delay, at a few megabytes
  /// each: 0...65 536.
  ///
  /// By default none at first, and one after a worker has been lost. If processes are recycled, a
  /// quarter of the number of workers, and at least two.
  public var standby: Int?

  /// Creates a policy that replaces a process as soon as it meets any of the conditions.
  public init(items: Int? = nil, age: Duration? = nil, memory: ByteCount? = nil, standby: Int? = nil) {
    self.items = items
    self.age = age
    self.memory = memory
    self.standby = standby
  }
}

/// The maximum length of inputs, outputs and task values, and the way in which long ones are sent.
public struct PayloadPolicy: Hashable, Sendable {
  /// Whether long payloads are sent through memory that the coordinator and its workers share.
  public enum Sharing: Hashable, Sendable {
    /// Writes chunks of at least 64 KiB to shared memory, and outputs of that length from the
    /// second one of a task on, and sends only their location. This is faster and otherwise
    /// equivalent: values are encoded and decoded as usual.
    case automatic
    /// Sends every byte through a pipe.
    case never
  }

  /// The maximum length of an encoded input, output or task value, from 64 KiB to 128 TiB; 64 GiB
  /// by default. The limit also applies to a chunk together with its frame.
  public var maximum: ByteCount
  /// Whether long payloads are sent through shared memory; `automatic` by default.
  public var sharing: Sharing

  /// Creates a policy. Omitted arguments have the defaults that are documented with the properties.
  public init(maximum: ByteCount = .gibibytes(64), sharing: Sharing = .automatic) {
    self.maximum = maximum
    self.sharing = sharing
  }
}
