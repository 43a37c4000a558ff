import ProcPoolSystem

/// Which tasks workers keep between calls, and which they are to let go of. Workers decide nothing: what a worker keeps
/// follows from the frames that it was sent and from its reports, in their order.
///
///     call begins        `begin`     the task gets a number, the same for all calls with the same bytes
///     call is sent       `use`       "start from number n", or "here are the bytes, keep them as n"
///     worker reports     `note`      it keeps n from now on; what was used longest ago is dropped for it
///     call has ended     `end`       a task that no worker keeps is forgotten
///
/// A number means the same bytes for ever. While two calls with the same task are on their way to a worker, both bring
/// the bytes, and the worker prepares the first. A `drop` frame is only sent to a worker that has reported the task, and
/// a call that starts from a kept task is sent before the frame that drops it, through the same pipe. So a worker is
/// never asked for a task that it does not have.
struct KeptTasks {
  /// What a worker may keep.
  struct Bounds: Equatable, Sendable {
    var count: Int
    /// In bytes.
    var memory: Int64
  }

  private struct Task {
    let number: UInt64
    /// Calls in progress that have this number.
    var calls = 0
    /// Workers that keep it, by place.
    var holders: Set<PlaceID> = []
    /// The shared blocks whose handles are in its bytes, by nonce.
    var blocks: [UInt64] = []
  }

  /// What a worker keeps, by number.
  private struct Holding {
    let key: TaskKey
    let memory: Int64
    var lastUse: UInt64
  }

  /// A task that a worker kept and does not any more.
  private struct Loss: Equatable {
    let key: TaskKey
    let place: PlaceID
    let isEviction: Bool
  }

  private struct TypeRecord {
    /// Preparing the last task of this type took no time worth mentioning.
    var isCheap = false
    /// Of this type, in `tasks`.
    var tasks = 0
  }

  private let bounds: Bounds
  private var tasks: [TaskKey: Task] = [:]
  private var types: [ObjectIdentifier: TypeRecord] = [:]
  private var holdings: Table<PlaceID, [UInt64: Holding]>
  /// Types of which a task has been prepared, by place, since its worker started.
  private var prepared: Table<PlaceID, Set<ObjectIdentifier>>
  /// The latest losses, which tell why a task has to be prepared once more.
  private var losses: [Loss] = []
  private static let rememberedLosses = 64
  private var lastNumber: UInt64 = 0
  private var uses: UInt64 = 0

  init(places: Int, bounds: Bounds) {
    self.bounds = bounds
    holdings = Table(Array(repeating: [:], count: places))
    prepared = Table(Array(repeating: [], count: places))
  }

  /// How many tasks a worker keeps.
  func count(at place: PlaceID) -> Int { holdings[place].count }

  /// How many tasks there is something known of.
  var knownTasks: Int { tasks.count }

  // MARK: - Calls

  /// A call begins to send its task.
  ///
  /// - Returns: the number of the task.
  mutating func begin(_ key: TaskKey) -> UInt64 {
    let type = types[key.type]
    // Of such tasks there are many, and each of them is most likely forgotten after its call.
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

  /// The task is about to be sent to a worker.
  ///
  /// - Returns: whether the worker keeps it: the bytes need not be sent.
  mutating func use(_ number: UInt64, at place: PlaceID) -> Bool {
    guard holdings[place][number] != nil else { return false }
    uses += 1
    holdings[place][number]!.lastUse = uses
    return true
  }

  /// A call with this task has ended.
  ///
  /// - Parameter wasCheap: whether a worker got the bytes, and none has reported that preparing them took long.
  mutating func end(_ key: TaskKey, _ number: UInt64, wasCheap: Bool) {
    if wasCheap { types[key.type, default: TypeRecord()].isCheap = true }
    guard let task = tasks[key], task.number == number else { return }
    tasks[key]!.calls -= 1
    forgetIfUnused(key)
  }

  private mutating func forgetIfUnused(_ key: TaskKey) {
    guard let task = tasks[key], task.calls == 0, task.holders.isEmpty else { return }
    tasks[key] = nil
    types[key.type]!.tasks -= 1
  }

  // MARK: - Workers

  /// A worker has prepared the task of a call in progress, which took long, and keeps it as `number`.
  ///
  /// - Parameters:
  ///   - memory: what that takes, in bytes.
  ///   - blocks: the shared blocks whose handles are in its bytes, by nonce.
  /// - Returns: the numbers of the tasks that the worker is to let go of.
  mutating func note(
    _ key: TaskKey, _ number: UInt64, at place: PlaceID, memory: Int64, blocks: [UInt64] = []
  ) -> [UInt64] {
    types[key.type, default: TypeRecord()].isCheap = false
    prepared[place].insert(key.type)
    if tasks[key] == nil {
      _ = add(key, number)
      // That call's.
      tasks[key]!.calls = 1
    }
    // Another call had the same task under another number, while nothing was known of its type.
    guard tasks[key]!.number == number else { return [number] }
    // By itself it is too much.
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

  /// A worker has left its place, with all that it kept.
  mutating func vacate(_ place: PlaceID) {
    for number in Array(holdings[place].keys) { drop(number, at: place, isEviction: false) }
    prepared[place] = []
  }

  /// The program has let go of shared blocks: so are the tasks to do that have handles of them.
  ///
  /// - Returns: which workers are to let go of which tasks.
  mutating func release(_ blocks: Set<UInt64>) -> [(place: PlaceID, number: UInt64)] {
    var dropped: [(place: PlaceID, number: UInt64)] = []
    for task in tasks.values where task.blocks.contains(where: blocks.contains) {
      for place in task.holders.sorted() { dropped.append((place, task.number)) }
    }
    for (place, number) in dropped { drop(number, at: place, isEviction: true) }
    return dropped
  }

  // MARK: - Reasons

  /// Why a worker has had to prepare a task, as far as that is known. To be asked before ``note(_:_:at:memory:blocks:)``.
  func reason(for key: TaskKey, at place: PlaceID) -> PreparationReason {
    if let known = loss(of: key, at: place) { return losses[known].isEviction ? .evicted : .workerReplaced }
    return prepared[place].contains(key.type) ? .otherValue : .first
  }

  /// The latest loss that a preparation makes up for.
  private func loss(of key: TaskKey, at place: PlaceID) -> Int? {
    losses.lastIndex { $0.key == key && ($0.place == place || !$0.isEviction) }
  }
}

/// Why a worker has prepared a task.
enum PreparationReason: Equatable {
  /// The worker had had no task of this type.
  case first
  /// Another worker had kept the task, and has ended.
  case workerReplaced
  /// The worker had kept the task and let go of it for others.
  case evicted
  /// The worker had prepared another value of this type.
  case otherValue
  /// Tasks of this type are not kept.
  case notKept
}
