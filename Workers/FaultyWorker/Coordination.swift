import AllocationCount
import FaultyTasks
import Glibc
import ProcPool
import ProcPoolSystem

/// A coordinator for tests to kill: `coordinate busy|sleeping|sharing|idle [fork]` prints the numbers of its
/// workers' processes in one line on standard output, then waits for its end. `coordinate timed` and
/// `coordinate dated` print them too, and end when their items have, which may take a second and a half each,
/// or five seconds together. `coordinate map`, `coordinate session`, `coordinate prefixed`, `coordinate
/// signals`, `coordinate progress`, `coordinate limited`, `coordinate attach PROGRAM`, `coordinate tiny`, `coordinate replacing`,
/// `coordinate cost VERB ITEMS`, `coordinate hidden PID…`, `coordinate lending PART …` and `coordinate fail` end by themselves.
struct Coordination {
  private let words: [String]

  init(_ arguments: [String]) { words = Array(arguments.dropFirst()) }

  @MainActor func perform() async throws {
    if words.count == 2, words[0] == "trace" { Predicament.trace(Int32(words[1])!) }
    guard words.first == "coordinate", words.count > 1 else {
      writeLine(
        "usage: FaultyWorker coordinate busy|sleeping|sharing|timed|dated|idle|map|prefixed|session|progress|signals|limited|attach|tiny|replacing|cost|hidden|lending|fail [fork]"
      )
      exit(64)
    }
    switch words[1] {
    case "fail": throw Misfit(value: 5)
    case "map":
      let outputs = try await withPool(workers: 2) { try await $0.map(Echo(), over: 0..<100) }
      print(outputs.reduce(0, +))
    case "prefixed":
      _ = try await withPool(workers: 2, configuration: PoolConfiguration(standardError: .prefixed)) {
        try await $0.broadcast(Speak(lines: 2), to: 0)
      }
    case "session": try await Session.perform()
    case "streams": try await StreamCoordination(words: Array(words.dropFirst(2))).perform()
    case "progress": try await showProgress()
    case "limited": try await shareWithFewDescriptors()
    case "tiny": try await shareWithTinySharedMemory()
    case "replacing": try await replaceWorkers()
    #if DEBUG
      case "cost": try await spend(on: words[2], items: Int(words[3])!)
    #endif
    case "hidden":
      print(words.dropFirst(2).map { "\(ProcessSight.isHidden(Int32($0)!))" }.joined(separator: " "))
    case "lending": try await LendingSession.perform(words[2], Array(words.dropFirst(3)))
    case "attach": try await shareWithWorkers(of: words[2])
    case "signals":
      let open = try await withPool(workers: 2) { pool in
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        return openThreads()
      }
      print(open.joined(separator: " "))
    default:
      if try await Predicament(words: words).perform() { return }
      try await waitForEnd()
    }
  }

  #if DEBUG
    /// Makes a verb run many items, and prints what they cost: bytes copied, chunks sent, milliseconds,
    /// allocations in the workers, and how often the lock of the pool's state was taken.
    private func spend(on verb: String, items: Int) async throws {
      let spent = try await withPool(workers: 2) { pool in
        _ = try await pool.broadcast(Echo(), to: 0)
        let allocatedThere = try await pool.broadcast(CountAllocations(), to: 0)
        let before = pool.statistics
        let locked = MutexCount.value
        let begun = ContinuousClock.now
        switch verb {
        case "map": _ = try await pool.map(Echo(), over: Array(0..<items))
        case "apply": for item in 0..<items { _ = try await pool.apply(Echo(), to: item) }
        case "echo":
          let payload = [UInt8](repeating: 3, count: 1 << 20)
          for _ in 0..<items { _ = try await pool.apply(EchoBytes(), to: payload) }
        case "text": _ = try await pool.map(EchoText(), over: (0..<items).map { "\($0)" }, chunkSize: 1)
        case "shared": _ = try await pool.map(MakeShared(count: 5_000), over: 0..<items)
        default:
          let chunkSize = Int(verb.split(separator: "-").last!)!
          for try await _ in pool.imap(Echo(), over: 0..<items, chunkSize: chunkSize) {}
        }
        let spent = pool.statistics - before
        let milliseconds = (ContinuousClock.now - begun) / .milliseconds(1)
        let costs = [
          Int(spent.bytesCopied), Int(spent.chunksSent), Int(milliseconds),
          try await pool.broadcast(CountAllocations(), to: 0).reduce(0, +) - allocatedThere.reduce(0, +),
          MutexCount.value - locked,
        ]
        return costs.map(String.init).joined(separator: " ")
      }
      print(spent)
    }
  #endif

  /// A call with a bar, whose workers write to standard error while it is there, and one that is over before a bar
  /// would be.
  private func showProgress() async throws {
    try await withPool(workers: 2) { pool in
      let pauses = (0..<40).map { $0 == 20 ? -1 : 20 }
      _ = await pool.mapResults(SleepOrThrow(), over: pauses, chunkSize: 1, progress: .bar("sleeping"))
      _ = try await pool.map(Echo(), over: 0..<100, progress: .bar("brief"))
      try await pool.forEach(
        SpeakLater(), over: Array(repeating: 200, count: 4), chunkSize: 1, progress: .bar("speaking"))
    }
  }

  /// Ten thousand small things and a few large ones, where 64 descriptors are allowed.
  private func shareWithFewDescriptors() async throws {
    Descriptor.limit = 64
    let counters = try (0..<10_000).map { try SharedCounter($0) }
    let values = try (0..<10_000).map { try LockedValue($0) }
    let arrays = try (0..<10_000).map { try SharedArray(repeating: $0, count: 10) }
    let large = try (0..<10).map { try SharedArray(repeating: $0, count: 10_000) }
    let sums = try await withPool(workers: 2) { pool in
      try await pool.map(SumShared(), over: arrays + large)
    }
    print(
      counters.reduce(0) { $0 + $1.value }, try values.reduce(0) { try $0 + $1.withLock { $0 } },
      sums.reduce(0, +), Descriptor.limit ?? 0)
  }

  /// Where /dev/shm has one megabyte: a name for more is refused, and what has no name needs none of it.
  private func shareWithTinySharedMemory() async throws {
    let array = try SharedArray(0..<1_000_000)
    let sum = try await withPool(workers: 2) { pool in try await pool.apply(SumShared(), to: array) }
    print(sum)
    do {
      _ = try SharedArray(named: "procpool-tiny", repeating: 1, count: 1_000_000)
    } catch {
      print(error)
    }
    let small = try SharedArray(named: "procpool-tiny", repeating: 1, count: 100)
    print(small.count, Inspection.entries("/dev/shm"))
    try SharedArray<Int>.remove(named: "procpool-tiny")
  }

  /// How many bytes more it takes to have had a hundred workers more, where what is kept of one takes as much
  /// as three thousand variables do.
  private func replaceWorkers() async throws {
    let variables = (0..<3_000).map { ("PROCPOOL_TEST_\($0)", "") }
    let environment = Dictionary(uniqueKeysWithValues: variables)
    let processes = try await withPool(
      workers: 1,
      configuration: PoolConfiguration(
        environment: .exactly(environment), recycling: RecyclingPolicy(items: 1))
    ) {
      pool in
      var processes: Set<Int32> = []
      var before = 0
      for item in 0..<120 {
        if item == 20 { before = try ownMemory() }
        processes.insert(try await pool.apply(ProcessNumber(), to: item))
      }
      print(try ownMemory() - before)
      return processes
    }
    print(processes.count)
  }

  /// Memory of this process's own, in bytes.
  private func ownMemory() throws -> Int {
    let lines = Inspection.contents("/proc/self/status")?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("RssAnon:") }?.split(whereSeparator: \.isWhitespace)
    guard let words, words.count > 1, let kilobytes = Int(words[1]) else { throw Misfit(value: 1) }
    return kilobytes << 10
  }

  /// Shared memory there and back, with a program that may not see this process in `/proc`.
  private func shareWithWorkers(of program: String) async throws {
    try await withPool(workers: 2, worker: .executable(named: program)) { pool in
      let small = try SharedArray(0..<10)
      let large = try SharedArray(0..<100_000)
      let sums = try await pool.map(SumShared(), over: [small, large, small])
      try await pool.forEach(AddInPlace(large), over: [0..<50_000, 50_000..<100_000])
      let made = try await pool.map(MakeShared(count: 10), over: 0..<4)
      let madeLarge = try await pool.map(MakeShared(count: 100_000), over: 0..<4)
      let forwarded = try await pool.map(SumShared(), over: made + madeLarge)
      // These have to go through the pipe where their memory cannot be seen.
      let long = (1...6).map { [UInt8](repeating: UInt8($0), count: 1_000_000) }
      let bytes = try await pool.map(SumBytes(), over: long)
      print(sums, Array(large).reduce(0, +), forwarded, bytes)
    }
  }

  /// The names of the threads, except the main one, that the program's `SIGTERM` could go to.
  private func openThreads() -> [String] {
    Inspection.threads().filter { number, _ in
      let blocked = Inspection.signalSet("SigBlk", in: "/proc/self/task/\(number)/status")
      return number != getpid() && blocked & (1 << UInt64(SIGTERM - 1)) == 0
    }.map(\.value)
  }

  private func waitForEnd() async throws {
    try await withPool(workers: 2) { pool in
      let workers = try await pool.broadcast(ProcessNumber(), to: 0)
      var handles: [TaskHandle<Int>] = []
      for _ in 0..<4 {
        switch words[1] {
        case "busy": handles.append(pool.applyAsync(Spin(), to: 100_000))
        case "sharing":
          let array = try SharedArray(repeating: 1, count: 1_000_000)
          handles.append(pool.applyAsync(SumShared(), to: array))
          handles.append(pool.applyAsync(Sleep(), to: 100_000))
        case "timed":
          handles.append(pool.applyAsync(Sleep(), to: 1_000, timeout: .milliseconds(1_500)))
        case "dated":
          handles.append(pool.applyAsync(Sleep(), to: 100_000, deadline: .seconds(5)))
        case "sleeping": handles.append(pool.applyAsync(Sleep(), to: 100_000))
        default: break
        }
      }
      // Until the workers are at it.
      try await Task.sleep(for: .milliseconds(100))
      let fork = words.contains("fork") ? Self.fork() : 0
      print(workers.map(String.init).joined(separator: " "), fork)
      fflush(nil)
      if !["timed", "dated"].contains(words[1]) { try await Task.sleep(for: .seconds(100)) }
      for handle in handles { StandardError.writeLine("\(await handle.result)") }
    }
  }

  /// A copy of this process that holds all its descriptors, and does nothing but sleep.
  private static func fork() -> Int32 {
    let pid = copyThisProcess()
    if pid == 0 {
      sleep(60)
      _exit(0)
    }
    return pid
  }
}

/// How often this worker has asked for memory.
struct CountAllocations: PoolTask {
  func run(_ input: Int) -> Int { procpool_allocation_count() }
}
