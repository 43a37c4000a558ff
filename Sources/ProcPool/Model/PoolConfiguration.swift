/// How a pool runs its workers: everything but how many there are and which program they run.
///
///     let configuration = PoolConfiguration(
///       standardError: .prefixed,
///       limits: WorkerLimits(memory: .gibibytes(2)),
///       recycling: RecyclingPolicy(items: 1_000))
///     try await withPool(workers: 8, configuration: configuration) { pool in … }
///
/// Limits, payloads and recycling apply to worker processes. Workers on threads (``WorkerSource/threads``) have no
/// limits, share no payloads, and are replaced only after a number of items or at an age.
public struct PoolConfiguration: Sendable {
  /// The environment variables of the workers; by default those of this process.
  public var environment: WorkerEnvironment
  /// Where the text goes that workers write to standard error and that tasks print; by default to the standard error
  /// of this process.
  public var standardError: StandardErrorMode
  /// The resources that each worker may use; not limited by default.
  public var limits: WorkerLimits
  /// When workers are replaced, and by how many that stand by; not before they end by default.
  public var recycling: RecyclingPolicy
  /// How long inputs and outputs may be, and how long ones travel.
  public var payloads: PayloadPolicy
  /// How long cancelled items may keep running before their worker is ended.
  public var cancellation: CancellationGrace
  /// When items that run for long are reported as an event; never by default. Nothing else is done about them.
  public var stallNotice: StallNotice?
  /// The seed of `TaskContext.random`.
  public var seed: UInt64

  /// Creates a configuration. What is omitted has the default that is documented with its property.
  public init(
    environment: WorkerEnvironment = .inherited, standardError: StandardErrorMode = .inherited,
    limits: WorkerLimits = WorkerLimits(), recycling: RecyclingPolicy = RecyclingPolicy(),
    payloads: PayloadPolicy = PayloadPolicy(), cancellation: CancellationGrace = CancellationGrace(),
    stallNotice: StallNotice? = nil, seed: UInt64 = 0
  ) {
    self.environment = environment
    self.standardError = standardError
    self.limits = limits
    self.recycling = recycling
    self.payloads = payloads
    self.cancellation = cancellation
    self.stallNotice = stallNotice
    self.seed = seed
  }
}

/// When the processes of a pool are replaced by fresh ones.
///
/// A process that is due completes what it holds and leaves; its successor, which stands by, takes over without delay.
public struct RecyclingPolicy: Hashable, Sendable {
  /// How many items a process runs, exactly, so that a chunk may be divided. Not limited by default. At least 1.
  public var items: Int?
  /// How long a process works, from when it is first needed. Not limited by default. Positive.
  public var age: Duration?
  /// How much memory of its own a process may use. Checked every tenth of a second while there is work. Not limited by
  /// default. At least one byte.
  public var memory: ByteCount?
  /// How many processes stand by, ready to replace others, at some megabytes each: 0...65 536.
  ///
  /// By default none at first, and one after a worker has been lost. If processes are recycled, a quarter of the number
  /// of workers, and at least two.
  public var standby: Int?

  /// Creates a policy that replaces a process as soon as it meets any of the conditions.
  public init(items: Int? = nil, age: Duration? = nil, memory: ByteCount? = nil, standby: Int? = nil) {
    self.items = items
    self.age = age
    self.memory = memory
    self.standby = standby
  }
}

/// How long inputs, outputs and task values may be, and how long ones travel.
public struct PayloadPolicy: Hashable, Sendable {
  /// Whether long payloads lie in memory that the coordinator and its workers share.
  public enum Sharing: Hashable, Sendable {
    /// Chunks of at least 64 KiB, and outputs of that length from the second one of a task on, are written to shared
    /// memory, and only their place is sent. This is faster and makes no other difference: they are encoded and
    /// decoded all the same.
    case automatic
    /// Every byte is sent through a pipe.
    case never
  }

  /// The maximum length of an encoded input, output or task value, from 64 KiB to 128 TiB. A chunk has to fit together
  /// with its frame. 64 GiB by default.
  public var maximum: ByteCount
  /// How long payloads travel.
  public var sharing: Sharing

  /// Creates a policy.
  public init(maximum: ByteCount = .gibibytes(64), sharing: Sharing = .automatic) {
    self.maximum = maximum
    self.sharing = sharing
  }
}
