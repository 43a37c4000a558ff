import ProcPoolSystem

/// Decides which tasks workers keep between calls, and which they must release. Workers make no
/// decisions: the tasks of a worker follow from the frames that it was sent and from its reports,
/// in order.
///
/// | event | method | effect |
/// |---|---|---|
/// | a call begins | `begin` | the task gets a number, the same for all calls with the same bytes |
/// | a call is sent | `use` | "start from number n", or "here are the bytes, keep them as n" |
/// | a worker reports | `note` | it keeps n from now on; the least recently used tasks are dropped |
/// | a call has ended | `end` | a task that no worker keeps is forgotten |
///
/// A number always means the same bytes. While two calls with the same task are on their way to a
/// worker, both have the bytes, and the worker prepares the first. A `drop` frame is only sent to a
/// worker that has reported the task, and a call that starts from a kept task is sent before the
/// frame that drops it, through the same pipe. A worker is therefore never asked for a task that it
/// does not have.
struct KeptTaskTable {
  /// The limits on the tasks of a worker.
  struct Bounds: Equatable, Sendable {
    var count: Int
    /// The maximum memory in bytes.
    var memory: Int64
  }

  private struct Task {
    let number: UInt64
    /// The number of calls in progress with this number.
    var calls = 0
    /// The places of the workers that keep the task.
    var holders: Set<PlaceID> = []
    /// The shared blocks whose handles are in its bytes, by nonce.
    var blocks: [UInt64] = []
  }

  /// A task that a worker keeps.
  private struct Holding {
    let key: TaskKey
    let memory: Int64
    var lastUse: UInt64
  }

  /// A task that a worker no longer keeps.
  private struct Loss: Equatable {
    let key: TaskKey
    let place: PlaceID
    let isEviction: Bool
  }

  private struct TypeRecord {
    /// Whether preparing the last task of this type took too little time to be reported.
    var isCheap = false
    /// The number of entries of this type in `tasks`.
    var tasks = 0
  }

  private let bounds: Bounds
  private var tasks: [TaskKey: Task] = [:]
  private var types: [ObjectIdentifier: TypeRecord] = [:]
  private var holdings: Table<PlaceID, [UInt64: Holding]>
  /// The types of the tasks that were prepared at each place since its worker started.
  private var prepared: Table<PlaceID, Set<ObjectIdentifier>>
  /// The latest losses, which explain why a task has to be prepared again.
  private var losses: [Loss] = []
  private static let rememberedLosses = 64
  private var lastNumber: UInt64 = 0
  private var uses: UInt64 = 0

  init(places: Int, bounds: Bounds) {
    self.bounds = bounds
    holdings = Table(Array(repeating: [:], count: places))
    prepared = Table(Array(repeating: [], count: places))
  }

  /// The number of tasks that a worker keeps.
  func count(at place: PlaceID) -> Int { holdings[place].count }

  /// The number of tasks with an entry.
  var knownTasks: Int { tasks.count }

  // MARK: - Calls

  /// Registers a call that begins to send its task.
  ///
  /// - Returns: the number of the task.
  mutating func begin(_ key: TaskKey) -> UInt64 {
    let type = types[key.type]
    // Cheap tasks get no entry: there are many of them, and they would most likely be forgotten
    // after their call.
    if let type, type.isCheap, type.tasks == 0 { return newNumber() }
    let number = tasks[key]?.number ?? add(key, newNumber())
    tasks[key]!.calls += 1
    return number
  }

  private mutating func newNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  private mutating func add(_ key: TaskKey, _ number: UInt64) -> UInt64 {
    tasks[key] = Task(number: number)
    types[key.type, default: TypeRecord()].tasks += 1
    return number
  }

  /// Registers the use of a task that is about to be sent to a worker.
  ///
  /// - Returns: whether the worker keeps the task, so that its bytes need not be sent.
  mutating func use(_ number: UInt64, at place: PlaceID) -> Bool {
    guard holdings[place][number] != nil else { return false }
    uses += 1
    holdings[place][number]!.lastUse = uses
    return true
  }

  /// Ends the use of a task by a call.
  ///
  /// - Parameter wasCheap: whether a worker was sent the bytes, and none has reported a long
  ///   preparation.
  mutating func end(_ key: TaskKey, _ number: UInt64, wasCheap: Bool) {
    if wasCheap { types[key.type, default: TypeRecord()].isCheap = true }
    // Most tasks are cheap and have no entry; looking for one would hash the bytes of the task.
    guard types[key.type]?.tasks ?? 0 > 0, let task = tasks[key], task.number == number else { return }
    tasks[key]!.calls -= 1
    forgetIfUnused(key)
  }

  private mutating func forgetIfUnused(_ key: TaskKey) {
    guard let task = tasks[key], task.calls == 0, task.holders.isEmpty else { return }
    tasks[key] = nil
    types[key.type]!.tasks -= 1
  }

  // MARK: - Workers

  /// Registers that a worker has prepared the task of a call in progress, which took long, and
  /// keeps it under `number`.
  ///
  /// - Parameters:
  ///   - memory: the memory of the prepared task in bytes.
  ///   - blocks: the nonces of the shared blocks whose handles are in its bytes.
  /// - Returns: the numbers of the tasks that the worker must release.
  mutating func note(
    _ key: TaskKey, _ number: UInt64, at place: PlaceID, memory: Int64, blocks: [UInt64] = []
  ) -> [UInt64] {
    types[key.type, default: TypeRecord()].isCheap = false
    prepared[place].insert(key.type)
    if tasks[key] == nil {
      _ = add(key, number)
      // The call in progress.
      tasks[key]!.calls = 1
    }
    // Another call has the same task under another number, because it began when the type was
    // considered cheap.
    guard tasks[key]!.number == number else { return [number] }
    // The task alone exceeds the limits.
    guard bounds.count > 0, memory <= bounds.memory else { return [number] }
    if let known = loss(of: key, at: place) { losses.remove(at: known) }
    tasks[key]!.holders.insert(place)
    tasks[key]!.blocks = blocks
    uses += 1
    holdings[place][number] = Holding(key: key, memory: memory, lastUse: uses)
    var dropped: [UInt64] = []
    while exceedsBounds(place), let oldest = holdings[place].min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      drop(oldest.key, at: place, isEviction: true)
      dropped.append(oldest.key)
    }
    return dropped
  }

  private func exceedsBounds(_ place: PlaceID) -> Bool {
    holdings[place].count > bounds.count
      || holdings[place].values.reduce(Int64(0), { $0.addingSaturating($1.memory) }) > bounds.memory
  }

  private mutating func drop(_ number: UInt64, at place: PlaceID, isEviction: Bool) {
    guard let holding = holdings[place].removeValue(forKey: number) else { return }
    losses.append(Loss(key: holding.key, place: place, isEviction: isEviction))
    if losses.count > Self.rememberedLosses { losses.removeFirst() }
    tasks[holding.key]!.holders.remove(place)
    forgetIfUnused(holding.key)
  }

  /// Registers that a worker has left its place, with all of its tasks.
  mutating func vacate(_ place: PlaceID) {
    for number in Array(holdings[place].keys) { drop(number, at: place, isEviction: false) }
    prepared[place] = []
  }

  /// Drops the tasks with handles of shared blocks that the program has released.
  ///
  /// - Returns: the places of the workers that must release a task, and its number.
  mutating func release(_ blocks: Set<UInt64>) -> [(place: PlaceID, number: UInt64)] {
    var dropped: [(place: PlaceID, number: UInt64)] = []
    for task in tasks.values where task.blocks.contains(where: blocks.contains) {
      for place in task.holders.sorted() { dropped.append((place, task.number)) }
    }
    for (place, number) in dropped { drop(number, at: place, isEviction: true) }
    return dropped
  }

  // MARK: - Reasons

  /// The reason why a worker had to prepare a task, as far as it is known. Call it before
  /// ``note(_:_:at:memory:blocks:)``.
  func reason(for key: TaskKey, at place: PlaceID) -> PreparationReason {
    if let known = loss(of: key, at: place) { return losses[known].isEviction ? .evicted : .workerReplaced }
    return prepared[place].contains(key.type) ? .otherValue : .first
  }

  /// The index of the latest loss that a preparation compensates for.
  private func loss(of key: TaskKey, at place: PlaceID) -> Int? {
    losses.lastIndex { $0.key == key && ($0.place == place || !$0.isEviction) }
  }
}

/// The reason why a worker has prepared a task.
enum PreparationReason: Equatable {
  /// The worker had prepared no task of this type.
  case first
  /// Another worker had kept the task until it ended.
  case workerReplaced
  /// The worker had kept the task and released it for other tasks.
  case evicted
  /// The worker had prepared another value of this type.
  case otherValue
  /// Tasks of this type are not kept.
  case notKept
}
