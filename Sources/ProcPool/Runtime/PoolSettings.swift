import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// The settings of a pool: a checked ``PoolConfiguration``, in the units of the protocol.
struct PoolSettings: Sendable {
  var program: WorkerSource.Program
  /// The build ID that workers must have: this program's, if it is its own worker.
  var requiredBuildID: [UInt8]?
  /// The abilities of the workers.
  var abilities: Abilities
  var environment: WorkerEnvironment
  /// The maximum length of a frame's body in bytes.
  var maximumPayload: Int
  /// Whether long inputs are passed in shared memory.
  var sharesLargePayloads: Bool
  var pollingTimes: PollingTimes
  var workers: Int
  /// The maximum number of processes at a time.
  var places = 0
  var grace: CancellationGrace
  var stallNotice: StallNotice?
  /// The seed of `TaskContext.random`.
  var seed: UInt64
  /// The limits on the resources of each worker.
  var limits: ResourceLimits
  /// The secret of the marks that workers write to standard error before items; 0 for no marks.
  var itemMark: UInt64
  /// The amount of private memory in bytes above which a worker is recycled.
  var maximumWorkerMemory: Int?
  /// The tasks that each worker may keep.
  var keptTasks: KeptTaskTable.Bounds

  /// - Throws: if a value of the configuration is out of range.
  init(
    _ program: WorkerSource.Program, _ configuration: PoolConfiguration, _ sizing: PoolSizing
  ) throws(WorkerStartFailure) {
    // At most the size of an address space in bytes.
    try PoolArguments.check(
      "payloads.maximum", configuration.payloads.maximum, in: .kibibytes(64) ... .gibibytes(1 << 17))
    let limits = try configuration.limits.resources()
    try PoolArguments.check("keptTasks.count", configuration.keptTasks.count, atLeast: 0)
    try PoolArguments.check("keptTasks.memory", configuration.keptTasks.memory, atLeast: .bytes(0))
    let abilities = program.abilities
    self.program = program
    self.abilities = abilities
    if case .executable(_, isSelf: true) = program { requiredBuildID = ProgramIdentity.buildID }
    environment = configuration.environment
    maximumPayload = configuration.payloads.maximum.bytes
    sharesLargePayloads =
      configuration.payloads.sharing == .automatic && abilities.contains(.sharesMemory)
    pollingTimes = PollingTimes(
      workers: sizing.workers, processors: PoolSizing.processors, quota: sizing.quota,
      limits: configuration.limits)
    workers = sizing.workers
    grace = configuration.cancellation
    stallNotice = configuration.stallNotice
    seed = configuration.seed
    self.limits = abilities.contains(.hasOwnMemory) ? limits : ResourceLimits()
    let isMarked = configuration.standardError.marksItems && abilities.contains(.hasStandardError)
    itemMark = isMarked ? .random(in: 1 ... .max) : 0
    keptTasks = KeptTaskTable.Bounds(configuration)
    maximumWorkerMemory = abilities.contains(.hasOwnMemory) ? configuration.recycling.memory?.bytes : nil
  }
}

extension RecyclingPolicy {
  /// The policy in the scheduler's terms.
  ///
  /// - Parameter abilities: the abilities of the workers. A worker that shares its process's memory
  ///   starts in no time.
  func resolve(_ abilities: Abilities) throws(WorkerStartFailure) -> Recycling {
    let hasOwnMemory = abilities.contains(.hasOwnMemory)
    try PoolArguments.check("recycling.items", items, atLeast: 1)
    try PoolArguments.check("recycling.age", age)
    try PoolArguments.check("recycling.memory", memory, atLeast: .bytes(1))
    try PoolArguments.check("recycling.standby", standby, in: 0...PoolArguments.mostWorkers)
    return Recycling(
      maximumTasks: items.map(UInt64.init), maximumAge: age.map(Nanoseconds.init(_:)),
      limitsMemory: memory != nil && hasOwnMemory, standby: hasOwnMemory ? standby : 0)
  }
}

extension WorkerLimits {
  /// The limits as the protocol encodes them.
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

extension KeptTaskTable.Bounds {
  init(_ configuration: PoolConfiguration) {
    // A worker that kept more than it may use would be replaced, and its successor would prepare
    // everything again.
    let most = [configuration.limits.memory, configuration.recycling.memory].compactMap(\.self).min()
    let memory = configuration.keptTasks.memory?.bytes ?? most.map { $0.bytes / 4 } ?? 1 << 30
    self.init(count: configuration.keptTasks.count, memory: Int64(memory))
  }
}
