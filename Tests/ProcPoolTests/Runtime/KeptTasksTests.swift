import Testing

@testable import ProcPool

private struct One {}
private struct Other {}

private func key(_ bytes: [UInt8]) -> TaskKey { key(One.self, bytes) }

private func key(_ type: any Any.Type, _ bytes: [UInt8]) -> TaskKey {
  bytes.withUnsafeBytes { TaskKey(ObjectIdentifier(type), $0) }
}

@Suite struct ATaskKey {
  @Test func isTheTypeAndTheBytes() {
    #expect(key([1, 2]) == key([1, 2]))
    #expect(key([1, 2]) != key([1, 3]) && key([1, 2]) != key([1, 2, 0]) && key([]) != key([0]))
    #expect(key(One.self, [1]) != key(Other.self, [1]))
    #expect(key([1, 2]).hashValue == key([1, 2]).hashValue)
  }

  @Test(arguments: [4_095, 4_096, 4_097, 8_192, 100_000]) func noticesEveryByte(_ count: Int) {
    var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let original = key(bytes)
    #expect(key(bytes) == original)
    for place in [0, 1, count / 2, 4_094, count - 2, count - 1] {
      bytes[place] ^= 1
      #expect(key(bytes) != original, "byte \(place)")
      bytes[place] ^= 1
    }
    bytes.append(0)
    #expect(key(bytes) != original)
    // Two pieces in another order.
    let zeros = [UInt8](repeating: 0, count: count)
    let ones = [UInt8](repeating: 1, count: count)
    #expect(key(zeros + ones) != key(ones + zeros))
  }
}

@Suite struct KeptTasksAreBounded {
  private func makeTasks(places: Int = 2, count: Int = 8, memory: Int64 = 1_000) -> KeptTaskTable {
    KeptTaskTable(places: places, bounds: .init(count: count, memory: memory))
  }

  /// A call with a task that takes long to prepare.
  @discardableResult
  private func call(
    _ tasks: inout KeptTaskTable, _ key: TaskKey, at place: PlaceID = 0, memory: Int64 = 1,
    blocks: [UInt64] = []
  ) -> (wasKept: Bool, dropped: [UInt64]) {
    let number = tasks.begin(key)
    let wasKept = tasks.use(number, at: place)
    let dropped = wasKept ? [] : tasks.note(key, number, at: place, memory: memory, blocks: blocks)
    tasks.end(key, number, wasCheap: false)
    return (wasKept, dropped)
  }

  @Test func aTaskIsSentOncePerWorker() {
    var tasks = makeTasks()
    for place in [0, 1] as [PlaceID] {
      #expect(!call(&tasks, key([1]), at: place).wasKept)
      for _ in 0..<3 { #expect(call(&tasks, key([1]), at: place).wasKept) }
      #expect(
        !call(&tasks, key([2]), at: place).wasKept && !call(&tasks, key(Other.self, [1]), at: place).wasKept)
    }
  }

  @Test func whatWasUsedLongestAgoIsDropped() {
    var tasks = makeTasks(count: 2)
    let numbers = [UInt8](0..<3).map { value in
      let number = tasks.begin(key([value]))
      tasks.end(key([value]), number, wasCheap: false)
      return number
    }
    #expect(Set(numbers).count == 3)
    call(&tasks, key([0]))
    call(&tasks, key([1]))
    call(&tasks, key([0]))
    let (wasKept, dropped) = call(&tasks, key([2]))
    #expect(!wasKept && dropped.count == 1)
    #expect(
      call(&tasks, key([0])).wasKept && call(&tasks, key([2])).wasKept && !call(&tasks, key([1])).wasKept)
  }

  @Test func memoryIsBoundedByWhatWorkersReport() {
    var tasks = makeTasks(memory: 1_000)
    #expect(call(&tasks, key([0]), memory: 400).dropped.isEmpty)
    #expect(call(&tasks, key([1]), memory: 600).dropped.isEmpty)
    #expect(call(&tasks, key([2]), memory: 601).dropped.count == 2)
    // By itself too much: the others stay.
    #expect(call(&tasks, key([3]), memory: 1_001).dropped.count == 1)
    #expect(!call(&tasks, key([3]), memory: 1_001).wasKept && call(&tasks, key([2])).wasKept)
    // A worker may say anything.
    #expect(call(&tasks, key([4]), memory: .max).dropped.count == 1)
    #expect(tasks.count(at: 0) == 1 && tasks.count(at: 1) == 0)
  }

  @Test func theBoundFollowsFromTheMemoryThatWorkersMayUse() {
    func memory(_ change: (inout PoolConfiguration) -> Void) -> Int64 {
      var configuration = PoolConfiguration()
      change(&configuration)
      return KeptTaskTable.Bounds(configuration).memory
    }
    #expect(memory { _ in } == 1 << 30)
    #expect(memory { $0.limits.memory = .gibibytes(2) } == 1 << 29)
    #expect(memory { $0.recycling.memory = .mebibytes(100) } == 25 << 20)
    let both = memory {
      $0.limits.memory = .gibibytes(2)
      $0.recycling.memory = .gibibytes(1)
    }
    #expect(both == 1 << 28)
    let given = memory {
      $0.limits.memory = .gibibytes(2)
      $0.keptTasks.memory = .gibibytes(3)
    }
    #expect(given == 3 << 30)
  }

  @Test func aThousandTasksLeaveNoMoreThanTheBound() {
    var tasks = makeTasks()
    for value in 0..<1_000 { call(&tasks, key([UInt8(value & 255), UInt8(value >> 8)])) }
    #expect(tasks.count(at: 0) == 8 && tasks.knownTasks == 8)
    tasks.vacate(0)
    #expect(tasks.count(at: 0) == 0 && tasks.knownTasks == 0)
  }

  @Test func nothingIsKnownOfTasksThatAreCheap() {
    var tasks = makeTasks()
    for value in [UInt8](0..<100) {
      let number = tasks.begin(key([value]))
      #expect(number != 0 && !tasks.use(number, at: 0))
      tasks.end(key([value]), number, wasCheap: true)
      #expect(tasks.knownTasks == 0)
    }
    // One that is not is kept all the same.
    let number = tasks.begin(key([7]))
    #expect(tasks.note(key([7]), number, at: 0, memory: 1) == [])
    tasks.end(key([7]), number, wasCheap: false)
    #expect(call(&tasks, key([7])).wasKept && tasks.knownTasks == 1)
  }

  @Test func callsAtOnceWithOneTaskShareItsNumber() {
    var tasks = makeTasks()
    let first = tasks.begin(key([1]))
    #expect(tasks.begin(key([1])) == first)
    #expect(tasks.note(key([1]), first, at: 0, memory: 1) == [])
    #expect(tasks.use(first, at: 0) && !tasks.use(first, at: 1))
    tasks.end(key([1]), first, wasCheap: false)
    tasks.end(key([1]), first, wasCheap: false)
    #expect(tasks.begin(key([1])) == first)
  }

  /// While a type is taken to be cheap, calls with the same task have numbers of their own.
  @Test func twoNumbersOfOneTaskBecomeOne() {
    var tasks = makeTasks()
    tasks.end(key([0]), tasks.begin(key([0])), wasCheap: true)
    let (one, other) = (tasks.begin(key([1])), tasks.begin(key([1])))
    #expect(one != other)
    #expect(tasks.note(key([1]), one, at: 0, memory: 1) == [])
    #expect(tasks.note(key([1]), other, at: 0, memory: 1) == [other])
    #expect(tasks.note(key([1]), one, at: 1, memory: 1) == [])
    tasks.end(key([1]), other, wasCheap: false)
    tasks.end(key([1]), one, wasCheap: false)
    #expect(tasks.begin(key([1])) == one && tasks.use(one, at: 0) && tasks.use(one, at: 1))
  }

  @Test func tasksGoWithTheBlocksThatTheyHaveHandlesOf() {
    var tasks = makeTasks()
    for place in [0, 1] as [PlaceID] { call(&tasks, key([1]), at: place, blocks: [11, 12]) }
    call(&tasks, key([2]), blocks: [12])
    call(&tasks, key([3]))
    #expect(tasks.release([99]).isEmpty)
    #expect(tasks.release([11]).map(\.place) == [0, 1])
    #expect(tasks.release([11]).isEmpty)
    #expect(call(&tasks, key([2])).wasKept && call(&tasks, key([3])).wasKept)
    #expect(tasks.release([12]).count == 1 && tasks.knownTasks == 1)
  }

  @Test func aPreparationHasAReason() {
    var tasks = makeTasks(count: 1)
    func reason(_ bytes: [UInt8], _ type: any Any.Type = One.self, at place: PlaceID = 0) -> PreparationReason
    {
      let reason = tasks.reason(for: key(type, bytes), at: place)
      call(&tasks, key(type, bytes), at: place)
      return reason
    }
    #expect(reason([1]) == .first)
    #expect(reason([2]) == .otherValue)
    #expect(reason([1]) == .evicted)
    #expect(reason([1], Other.self) == .first)
    #expect(reason([1], at: 1) == .first)
    tasks.vacate(1)
    #expect(reason([1], at: 1) == .workerReplaced)
    #expect(reason([3], at: 1) == .otherValue)
  }
}

/// Workers that do what their frames say, some frames later than they were sent.
@Suite struct KeptTasksFollowTheFrames {
  private struct Worker {
    enum Frame { case whole(UInt8, UInt64, call: Int), kept(UInt8, UInt64, call: Int), drop(UInt64) }
    var frames: [Frame] = []
    var kept: [UInt64: UInt8] = [:]
    var reports: [(value: UInt8, number: UInt64, call: Int)] = []
    var ended: [Int] = []
  }

  @Test(arguments: 0..<40) func noWorkerIsAskedForWhatItDoesNotHave(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let places = 3
    let bound = 1 + seed % 4
    var tasks = KeptTaskTable(places: places, bounds: .init(count: bound, memory: 100))
    var workers = Table<PlaceID, Worker>(Array(repeating: Worker(), count: places))
    var calls: [Int: (value: UInt8, number: UInt64, sentWhole: Bool, reported: Bool, place: PlaceID)] = [:]
    var hits = 0
    for step in 0..<4_000 {
      let place = PlaceID(index: .random(in: 0..<places, using: &random))
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<35:
        let value = UInt8.random(in: 0..<7, using: &random)
        let number = tasks.begin(key([value]))
        let isKept = tasks.use(number, at: place)
        calls[step] = (value, number, !isKept, false, place)
        workers[place].frames.append(
          isKept ? .kept(value, number, call: step) : .whole(value, number, call: step))
      case 35..<65 where !workers[place].frames.isEmpty:
        switch workers[place].frames.removeFirst() {
        case .kept(let value, let number, let call):
          #expect(workers[place].kept[number] == value)
          hits += 1
          workers[place].ended.append(call)
        case .whole(let value, let number, let call):
          // Tasks of even value take no time.
          if workers[place].kept[number] == nil, !value.isMultiple(of: 2) {
            workers[place].kept[number] = value
            workers[place].reports.append((value, number, call))
          }
          workers[place].ended.append(call)
        case .drop(let number): #expect(workers[place].kept.removeValue(forKey: number) != nil)
        }
      case 65..<80 where !workers[place].reports.isEmpty:
        let (value, number, call) = workers[place].reports.removeFirst()
        calls[call]!.reported = true
        let memory = Int64.random(in: 1...60, using: &random)
        for number in tasks.note(key([value]), number, at: place, memory: memory) {
          workers[place].frames.append(.drop(number))
        }
        #expect(tasks.count(at: place) <= bound)
      // A call has ended when its results have been read, which come after its report.
      case 80..<98 where !workers[place].ended.isEmpty && workers[place].reports.isEmpty:
        let number = workers[place].ended.removeFirst()
        let call = calls.removeValue(forKey: number)!
        tasks.end(key([call.value]), call.number, wasCheap: call.sentWhole && !call.reported)
      case 98:
        workers[place] = Worker()
        tasks.vacate(place)
        for (number, call) in calls where call.place == place {
          tasks.end(key([call.value]), call.number, wasCheap: call.sentWhole && !call.reported)
          calls[number] = nil
        }
      default: break
      }
    }
    #expect(hits > 0)
    for (_, call) in calls { tasks.end(key([call.value]), call.number, wasCheap: false) }
    #expect(tasks.knownTasks <= places * bound)
    for place in workers.indices { tasks.vacate(place) }
    #expect(tasks.knownTasks == 0)
  }
}
