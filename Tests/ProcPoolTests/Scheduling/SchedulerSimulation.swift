import ProcPoolProtocol
import ProcPoolWorker

// Built into the module itself by `make simulate`, so that the compiler knows what the scheduler holds.
#if !ONE_MODULE
  @testable import ProcPool
#endif

/// Inputs as the simulation sees them: the indices of the items, so that a cut in the wrong place shows.
struct Items: ChunkPayload, Equatable {
  var first: UInt64
  var count: Int
  var byteCount: Int { count * 8 }
  func items(_ range: Range<Int>) -> Items {
    Items(first: first + UInt64(range.lowerBound), count: range.count)
  }
}

/// A small generator whose seed says it all (SplitMix64, by Sebastiano Vigna).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A pool without processes: performs what the scheduler decides on workers that are queues, and lets them
/// start, work, stall, lie down and die at random. Keeps its own books on every item, to compare.
struct Simulation {
  /// A worker as it really is, which the scheduler knows only from what it says.
  struct Worker {
    var hasCompletedHandshake = false
    /// What it was sent, as positions in its order.
    var frames: [(position: UInt64, chunk: Chunk<Items>)] = []
    var next: UInt64 = 0
    var sent: UInt64 = 0
    /// Results that it has computed and not written.
    var buffered: [(position: UInt64, call: CallID, item: UInt64)] = []
    /// The position of the item that is running, if one is.
    var running: UInt64?
    var leaving = false
    /// It goes on when it is asked to end.
    var ignoresTermination = false
  }

  /// A caller that takes inputs as results are asked for, as a stream does.
  struct Stream {
    /// Inputs that were not taken.
    var left: Int
    let chunkSize: Int?
    let limit: Int
    /// Results that were not given out.
    var held = 0
  }

  enum Fate: Equatable { case pending, done, failed, cancelled }

  var scheduler: Scheduler<Items>
  var workers: Table<PlaceID, Worker?>
  var fates: [CallID: [Fate]] = [:]
  var cancelled: Set<CallID> = []
  var streams: [CallID: Stream] = [:]
  /// How often items of a call may be begun.
  var attempts: [CallID: Int] = [:]
  /// How often items of a call may throw at most, the last time for good; those that may at all.
  var throwLimits: [CallID: Int] = [:]
  /// How often items have thrown and were to be run again.
  var throwCounts: [CallID: [UInt64: Int]] = [:]
  /// Places that wait before they are filled again.
  var rests: Set<PlaceID> = []
  var launches: Set<PlaceID> = []
  var isStopped = false
  var random: SeededGenerator
  var now: Instant = 0
  /// What went wrong, in words.
  var breach: String?
  private var counts: [String: Int] = [:]

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...5, using: &random)
    scheduler = Scheduler(
      workers: count,
      grace: CancellationGrace(beforeTermination: .milliseconds(4), beforeKill: .milliseconds(4)),
      recycling: Self.recycling(&random), stallTime: Bool.random(using: &random) ? 3_000_000 : nil,
      processors: Int.random(in: 1...5, using: &random))
    workers = Table(Array(repeating: nil, count: scheduler.places.count))
    scheduler.start()
    settle()
  }

  private static func recycling(_ random: inout SeededGenerator) -> Recycling {
    var recycling = Recycling()
    if Bool.random(using: &random) { recycling.maximumTasks = UInt64.random(in: 1...10, using: &random) }
    if Bool.random(using: &random) {
      recycling.maximumAge = .milliseconds(.random(in: 1...50, using: &random))
    }
    if Bool.random(using: &random) { recycling.standby = Int.random(in: 0...3, using: &random) }
    return recycling
  }

  // MARK: - Running

  /// What can happen in a schedule. Twenty of them reach each kind once, on average, even the rarest.
  static let kinds = [
    "submit", "start failure", "take-back", "rebalancing", "peek", "cancel", "loss", "time limit", "deadline",
    "retry", "pause", "thrown for good", "shortage",
    "rest", "cancelled while running", "termination", "standby", "memory", "stall", "recycled for tasks",
    "recycled for age", "recycled for memory", "stream", "chunk beyond the limit",
  ]

  /// What came of some schedules.
  struct Tally: Sendable {
    /// What went wrong, each with its seed.
    var breaches: [String] = []
    /// How often each kind of event has happened, so that it can be seen that they were reached.
    var counts: [String: Int] = [:]
    var steps = 0

    mutating func add(_ other: Tally) {
      breaches += other.breaches
      counts.merge(other.counts, uniquingKeysWith: +)
      steps += other.steps
    }
  }

  /// Runs one schedule from its start to its end.
  static func run(seed: UInt64) -> Tally {
    var simulation = Simulation(seed: seed)
    var tally = Tally()
    while tally.steps < 200, simulation.breach == nil {
      simulation.step()
      tally.steps += 1
    }
    if let breach = simulation.breach {
      tally.breaches = ["seed \(seed), step \(tally.steps): \(breach)"]
    } else if let breach = simulation.finish() {
      tally.breaches = ["seed \(seed), at the end: \(breach)"]
    }
    tally.counts = simulation.counts
    return tally
  }

  // MARK: - Performing

  private mutating func settle() {
    while !scheduler.actions.isEmpty {
      let actions = scheduler.actions
      scheduler.actions.removeAll()
      for action in actions { perform(action) }
    }
    if breach == nil, let broken = scheduler.brokenInvariant() { breach = broken }
  }

  /// A launch for which nothing has been done yet is taken back; sometimes that comes too late.
  private mutating func recall(_ place: PlaceID) {
    guard Bool.random(using: &random), launches.remove(place) != nil else { return }
    counts["recall", default: 0] += 1
    scheduler.tookBack(place)
  }

  private mutating func perform(_ action: SchedulerAction<Items>) {
    switch action {
    case .launch(let place):
      if !launches.insert(place).inserted || workers[place] != nil {
        breach = "place \(place.index) is launched twice"
      }
    case .sendChunk(let place, let chunk, _):
      if chunk.payload != Items(first: chunk.first.value, count: chunk.count) {
        breach = "a chunk of \(chunk.count) items from \(chunk.first) carries \(chunk.payload)"
      }
      guard workers[place] != nil else { return breach = "work for place \(place), which has no worker" }
      switch scheduler.places[place].state {
      case .ready: break
      // Condemned after this was decided, by the same look at the clock: it comes back when the worker is lost, which
      // is done next.
      case .condemned: counts["late work", default: 0] += 1
      default: return breach = "work for place \(place), which is \(scheduler.places[place].state)"
      }
      if let seat = chunk.seat, seat != scheduler.places[place].seat {
        breach = "place \(place.index) gets another's work"
      }
      workers[place]!.frames.append((workers[place]!.sent, chunk))
      workers[place]!.sent += UInt64(chunk.count)
      if let limit = scheduler.recycling.maximumTasks, workers[place]!.sent > limit {
        breach = breach ?? "place \(place.index) gets \(workers[place]!.sent) items, and may run \(limit)"
      }
    case .takeBack(let place): takeBack(place)
    case .fail(let call, let first, let count, let trace, let failure):
      for item in first.value..<first.value + UInt64(count) { end(call, item, .failed) }
      switch failure {
      case .lost, .timedOut:
        let allowed = attempts[call]! + throwCounts[call, default: [:]][first.value, default: 0]
        if trace.attempt != allowed {
          breach = breach ?? "item \(first) of \(call) failed in attempt \(trace.attempt) of \(allowed)"
        }
      case .noWorkers, .terminated: break
      }
    case .rest(let place, _): if !rests.insert(place).inserted { breach = "place \(place.index) rests twice" }
    case .expire(let call, _): expire(call)
    case .cancelRunning(let place, let position): cancelRunning(place, below: position)
    case .terminate(let place):
      counts["termination", default: 0] += 1
      if workers[place]?.ignoresTermination == false { die(place) }
    case .recall(let place): recall(place)
    case .kill(let place):
      recall(place)
      die(place)
    case .sendEnd(let place): workers[place]?.leaving = true
    case .stopped: isStopped = true
    case .sendCall, .sendResume, .sendEndCall, .forget, .askForMore: break
    case .begin(let place, let worker):
      guard let process = workers[place], process.hasCompletedHandshake else {
        return breach = breach ?? "place \(place.index) begins before its handshake"
      }
      if scheduler.seats[worker] != place {
        breach = breach ?? "place \(place.index) is not worker \(worker.index)"
      }
      if process.sent > 0 { breach = breach ?? "place \(place.index) has worked before it begins" }
    case .announce(let event):
      switch event {
      case .itemRetried: counts["retry", default: 0] += 1
      case .workerRecycled(_, let reason): counts["recycled for \(reason)", default: 0] += 1
      case .itemStalled: counts["stall", default: 0] += 1
      case .workerStarted, .workerFailedToStart, .workerLost, .failed: break
      }
    }
  }

  private mutating func expire(_ call: CallID) {
    counts["deadline", default: 0] += 1
    if !cancelled.insert(call).inserted { breach = breach ?? "\(call) is over twice" }
    discard(call)
  }

  private mutating func discard(_ call: CallID) {
    for index in fates[call]!.indices where fates[call]![index] == .pending {
      fates[call]![index] = .cancelled
    }
  }

  /// What is cancelled below a position must be, and nothing beside it may be there to begin.
  private mutating func cancelRunning(_ place: PlaceID, below position: UInt64) {
    counts["cancelled while running", default: 0] += 1
    guard let worker = workers[place] else {
      return breach = breach ?? "place \(place.index) has no worker to notify"
    }
    for (start, chunk) in worker.frames {
      for offset in 0..<UInt64(chunk.count) where start + offset >= worker.next {
        let isBelow = start + offset < position
        if isBelow != cancelled.contains(chunk.call) {
          breach =
            breach
            ?? "position \(start + offset) of place \(place.index) is notified wrongly about its \(chunk.call)"
        }
      }
    }
  }

  /// What the gate does: the running item has been claimed, and perhaps some more.
  private mutating func takeBack(_ place: PlaceID) {
    counts["take-back", default: 0] += 1
    let worker = workers[place]!
    let least = worker.running.map { $0 + 1 } ?? worker.next
    let claimed = min(worker.sent, least + UInt64.random(in: 0...3, using: &random))
    workers[place]!.frames = worker.frames.compactMap { position, chunk in
      guard position < claimed else { return nil }
      var kept = chunk
      kept.count = min(chunk.count, Int(claimed - position))
      return (position, kept)
    }
    workers[place]!.sent = claimed
    scheduler.tookBack(place, position: claimed, epoch: 1, now: now)
  }

  private mutating func end(_ call: CallID, _ item: UInt64, _ fate: Fate) {
    guard fates[call]![Int(item)] == .pending else {
      breach = breach ?? "item \(item) of \(call) ends as \(fate) after \(fates[call]![Int(item)])"
      return
    }
    if cancelled.contains(call) {
      breach = breach ?? "item \(item) of \(call) ends after its cancellation"
    }
    fates[call]![Int(item)] = fate
    streams[call]?.held += 1
  }

  // MARK: - Events

  /// One event, drawn at random from those that are possible.
  mutating func step() {
    now = now + Nanoseconds(.random(in: 1...2_000_000, using: &random))
    let place = workers.indices.randomElement(using: &random)!
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<14: submit()
    case 14..<18: advance(Int.random(in: 0...8, using: &random))
    case 18..<30: launched(place)
    case 30..<55: work(place)
    case 55..<80: flush(place)
    case 80..<85: peek(place)
    case 85..<88: cancelOne()
    case 88..<91: lose(place)
    case 91..<94: time(place)
    case 94: rebalance()
    case 95: scheduler.close()
    case 96...98 where scheduler.places[place].state == .ready:
      counts["memory", default: 0] += 1
      scheduler.exceededMemory(place, now: now)
    case 99 where Int.random(in: 0..<10, using: &random) == 0: scheduler.terminate()
    default: break
    }
    settle()
  }

  private mutating func submit() {
    guard scheduler.isOpen || scheduler.life == .closing else { return }
    counts["submit", default: 0] += 1
    let open = fates.keys.filter {
      !cancelled.contains($0) && scheduler.calls[$0] != nil && streams[$0] == nil
    }.sorted()
    let call: CallID
    if let some = open.randomElement(using: &random), Bool.random(using: &random) || !scheduler.isOpen {
      call = some
    } else {
      guard scheduler.isOpen else { return }
      var limits = CallLimits()
      if Int.random(in: 0..<3, using: &random) == 0 { limits.timeout = .milliseconds(5) }
      if Int.random(in: 0..<4, using: &random) == 0 { limits.deadline = .milliseconds(20) }
      if Bool.random(using: &random) { limits.attempts = Int.random(in: 2...4, using: &random) }
      if Int.random(in: 0..<3, using: &random) == 0 {
        limits.backoff = .exponential(
          from: .milliseconds(1), to: .milliseconds(8), maximumAttempts: Int.random(in: 1...4, using: &random)
        )
      }
      call = scheduler.begin(limits, now: now)
      throwLimits[call] = limits.backoff?.maximumAttempts
      attempts[call] = limits.attempts
      fates[call] = []
      if Int.random(in: 0..<3, using: &random) == 0 { return beginStream(call) }
    }
    var chunks: [Chunk<Items>] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let first = UInt64(fates[call]!.count)
      let count = Int.random(in: 1...5, using: &random)
      let seat =
        Int.random(in: 0..<8, using: &random) == 0
        ? scheduler.seats.indices.randomElement(using: &random) : nil
      chunks.append(
        Chunk(
          call: call, first: ItemIndex(first), count: count, payload: Items(first: first, count: count),
          seat: seat))
      fates[call]! += Array(repeating: .pending, count: count)
    }
    scheduler.accept(chunks, now: now)
  }

  private mutating func beginStream(_ call: CallID) {
    counts["stream", default: 0] += 1
    let chunkSize = [nil, 1, 3, 7, 131_073, Pacing.maximumChunk].randomElement(using: &random)!
    // As `imap` has them.
    let limits = [1, 2, 10, 4 * scheduler.seats.count * Pacing.windowItems]
    streams[call] = Stream(
      left: Int.random(in: 1...40, using: &random), chunkSize: chunkSize,
      limit: limits.randomElement(using: &random)!)
    exchange(call)
  }

  /// The consumers of streams take some results each, and their callers hand over what there is room for then.
  private mutating func advance(_ consumed: Int) {
    for call in streams.keys.sorted() {
      streams[call]!.held -= min(consumed, streams[call]!.held)
      exchange(call)
    }
  }

  private mutating func exchange(_ call: CallID) {
    guard let stream = streams[call], stream.left > 0 else { return }
    switch scheduler.life {
    case .open, .closing: break
    // Nothing is run any more, and a caller hands nothing over.
    case .broken, .terminating, .stopped: return streams[call]!.left = 0
    }
    if cancelled.contains(call) { return streams[call]!.left = 0 }
    let inPool = fates[call]!.count { $0 == .pending }
    let submission = Submission(
      scheduler.demand(of: call, chunkSize: stream.chunkSize), chunkSize: stream.chunkSize,
      .init(
        limit: stream.limit, held: stream.held, inPool: inPool,
        remaining: Bool.random(using: &random) ? stream.left : nil), workers: scheduler.seats.count)
    if submission.count == 0 {
      if inPool == 0, stream.held == 0 { breach = breach ?? "\(call) would wait for ever" }
      return
    }
    if submission.count > stream.limit { counts["chunk beyond the limit", default: 0] += 1 }
    if stream.held + inPool > 0, submission.count > stream.limit - stream.held - inPool {
      breach = breach ?? "\(call) has more under way than it may have"
    }
    let taken = min(stream.left, submission.count)
    streams[call]!.left -= taken
    var chunks: [Chunk<Items>] = []
    var left = taken
    while left > 0 {
      let first = UInt64(fates[call]!.count)
      let count = min(left, submission.chunkSize)
      chunks.append(
        Chunk(call: call, first: ItemIndex(first), count: count, payload: Items(first: first, count: count)))
      fates[call]! += Array(repeating: .pending, count: count)
      left -= count
    }
    scheduler.accept(chunks, now: now)
    settle()
  }

  private mutating func launched(_ place: PlaceID) {
    if let worker = workers[place], !worker.hasCompletedHandshake {
      if Int.random(in: 0..<4, using: &random) == 0 {
        let isShortage = Bool.random(using: &random)
        counts[isShortage ? "shortage" : "start failure", default: 0] += 1
        workers[place] = nil
        scheduler.failedToStart(place, WorkerStartFailure("simulated", isShortage: isShortage), now: now)
      } else {
        workers[place]!.hasCompletedHandshake = true
        if scheduler.places[place].seat == nil { counts["standby", default: 0] += 1 }
        scheduler.completedHandshake(place, now: now)
      }
    } else if launches.remove(place) != nil {
      guard case .launching = scheduler.places[place].state else {
        return scheduler.failedToStart(place, WorkerStartFailure("terminated"), now: now)
      }
      workers[place] = Worker(ignoresTermination: Bool.random(using: &random))
    } else if rests.remove(place) != nil {
      counts["rest", default: 0] += 1
      scheduler.rested(place)
    }
  }

  /// Ends the running item, or begins the next one.
  private mutating func work(_ place: PlaceID) {
    guard let worker = workers[place], worker.hasCompletedHandshake else { return }
    if let running = worker.running {
      let (position, chunk) = worker.frames.first { running < $0.position + UInt64($0.chunk.count) }!
      workers[place]!.buffered.append((running, chunk.call, chunk.first.value + (running - position)))
      workers[place]!.running = nil
      workers[place]!.next = running + 1
    } else if worker.next < worker.sent {
      workers[place]!.running = worker.next
    } else if worker.leaving {
      lose(place)
    }
  }

  private mutating func report(
    _ place: PlaceID, _ results: [(position: UInt64, call: CallID, item: UInt64)], peeked: Bool
  ) {
    for result in results {
      let throwsNow = throwLimits[result.call] != nil && Int.random(in: 0..<3, using: &random) == 0
      let paused = scheduler.calls[result.call]?.paused ?? 0
      let reception = scheduler.received(
        place, call: result.call, first: ItemIndex(result.item), count: 1,
        position: peeked ? result.position : nil,
        thrownAt: throwsNow ? now : nil)
      switch reception {
      case .deliver:
        if throwsNow { noteThrownForGood(result.call, result.item) }
        end(result.call, result.item, throwsNow ? .failed : .done)
      case .ignore:
        if scheduler.calls[result.call]?.paused ?? 0 > paused {
          counts["pause", default: 0] += 1
          throwCounts[result.call, default: [:]][result.item, default: 0] += 1
        }
      case .violation(let what): breach = breach ?? what
      }
    }
    scheduler.measure(place, now: now)
  }

  private mutating func noteThrownForGood(_ call: CallID, _ item: UInt64) {
    counts["thrown for good", default: 0] += 1
    let count = throwCounts[call, default: [:]][item, default: 0]
    if count + 1 != throwLimits[call]!, scheduler.life == .open || scheduler.life == .closing {
      breach = breach ?? "item \(item) of \(call) may throw again after \(count) times"
    }
  }

  private mutating func flush(_ place: PlaceID) {
    guard let worker = workers[place], !worker.buffered.isEmpty else { return }
    workers[place]!.buffered = []
    report(place, worker.buffered, peeked: false)
  }

  private mutating func peek(_ place: PlaceID) {
    guard let worker = workers[place], !worker.buffered.isEmpty else { return }
    counts["peek", default: 0] += 1
    report(place, worker.buffered, peeked: true)
  }

  private mutating func cancelOne() {
    guard let call = fates.keys.filter({ !cancelled.contains($0) }).sorted().randomElement(using: &random)
    else { return }
    counts["cancel", default: 0] += 1
    cancelled.insert(call)
    discard(call)
    scheduler.retire(call, now: now)
  }

  private mutating func lose(_ place: PlaceID) {
    guard let worker = workers[place], worker.hasCompletedHandshake else { return }
    counts["loss", default: 0] += 1
    // Half of the time there is no page to salvage from: what was not written is lost, and must not run
    // again.
    let salvages = Bool.random(using: &random)
    if salvages { report(place, worker.buffered, peeked: true) }
    settle()
    guard workers[place] != nil else { return }
    workers[place] = nil
    let progress = StatusPage.Progress(
      position: worker.running ?? worker.next, phase: worker.running == nil ? .idle : .running)
    scheduler.lost(
      place, progress: salvages || Bool.random(using: &random) ? progress : nil, loss: Self.loss, now: now)
  }

  private mutating func die(_ place: PlaceID) {
    guard let worker = workers[place] else { return }
    if worker.hasCompletedHandshake {
      lose(place)
    } else {
      workers[place] = nil
      scheduler.failedToStart(place, WorkerStartFailure("killed"), now: now)
    }
  }

  private mutating func time(_ place: PlaceID) {
    counts["time limit", default: 0] += 1
    let workers = workers
    scheduler.checkClock(now: now) { Self.look(at: workers[$0]) }
  }

  /// Two looks at whether some have too much to do, and nothing has happened between them.
  private mutating func rebalance() {
    let workers = workers
    scheduler.rebalance(now: now) { Self.look(at: workers[$0]) }
    now = now + .milliseconds(250)
    scheduler.rebalance(now: now) { Self.look(at: workers[$0]) }
    if !scheduler.actions.isEmpty { counts["rebalancing", default: 0] += 1 }
  }

  private static func look(at worker: Worker?) -> WorkerSnapshot {
    let progress = worker.map {
      StatusPage.Progress(position: $0.running ?? $0.next, phase: $0.running == nil ? .idle : .running)
    }
    return WorkerSnapshot(progress: progress, written: 0)
  }

  private static let loss = WorkerLoss(
    worker: WorkerID(index: 0), pid: 1, end: .signalled(9), cause: .signal(9), peakMemory: nil,
    standardError: "")

  // MARK: - The end

  /// Lets everything that was accepted come to its end, then closes, and says what is wrong if anything is.
  mutating func finish() -> String? {
    for _ in 0..<2000 {
      if breach != nil { return breach }
      for place in workers.indices {
        launched(place)
        settle()
        // Everything that it has been given, then what it leaves or takes up for that.
        repeat { work(place) } while workers[place].map { $0.running != nil || $0.next < $0.sent } ?? false
        flush(place)
        settle()
      }
      now = now + Nanoseconds(1_000_000)
      scheduler.endPauses(now: now)
      settle()
      advance(.max)
      let isDone =
        !fates.contains { call, fates in fates.contains(.pending) && !cancelled.contains(call) }
        && streams.values.allSatisfy { $0.left == 0 }
      if isDone, !cancelled.isSuperset(of: fates.keys) {
        for call in fates.keys where cancelled.insert(call).inserted { scheduler.retire(call, now: now) }
        settle()
      }
      if isDone {
        scheduler.close()
        settle()
      }
      if isStopped { break }
    }
    if breach != nil { return breach }
    for (call, fates) in fates where !cancelled.contains(call) || fates.contains(.pending) {
      if let item = fates.firstIndex(of: .pending) { return "item \(item) of \(call) never ended" }
    }
    return isStopped ? nil : "the pool did not stop"
  }
}
