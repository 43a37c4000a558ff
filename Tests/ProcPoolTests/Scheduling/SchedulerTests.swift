import Foundation
import ProcPoolProtocol
import ProcPoolWorker
import Testing

@testable import ProcPool

@Suite struct EveryItemEndsExactlyOnce {
  /// A seed of one's own reruns one schedule: `PROCPOOL_SEED=7 swift test --filter EveryItemEndsExactlyOnce`.
  private var seeds: [UInt64] {
    if let given = ProcessInfo.processInfo.environment["PROCPOOL_SEED"].flatMap(UInt64.init) {
      return [given]
    }
    let first = UInt64.random(in: 0..<1 << 40)
    // `make simulate` runs many more, and looks whether they reach what they are for.
    return (0..<50).map { first + $0 }
  }

  @Test(.timeLimit(.minutes(5))) func inRandomSchedulesOfEverythingThatCanHappen() {
    var tally = Simulation.Tally()
    let seeds = seeds
    print("schedules from seed \(seeds[0])")
    for seed in seeds { tally.add(Simulation.run(seed: seed)) }
    for breach in tally.breaches { Issue.record("\(breach)") }
    #expect(tally.counts["submit", default: 0] > 0)
  }
}

@Suite struct TheInvariantsCanFail {
  private func busyScheduler() -> Scheduler<Items> {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let call = scheduler.begin()
    scheduler.accept(
      [
        Chunk(call: call, first: 0, count: 3, payload: Items(first: 0, count: 3)),
        Chunk(call: call, first: 3, count: 3, payload: Items(first: 3, count: 3)),
      ], now: 0)
    return scheduler
  }

  @Test func aSoundSchedulerBreaksNone() {
    #expect(busyScheduler().brokenInvariant() == nil)
  }

  @Test func aMiscountIsSeen() {
    var scheduler = busyScheduler()
    scheduler.places[0].items += 1
    #expect(scheduler.brokenInvariant() == "place 0 miscounts its items")
    scheduler = busyScheduler()
    scheduler.calls[1]!.inFlight -= 1
    #expect(scheduler.brokenInvariant() == "call 1 miscounts what is in flight")
  }

  @Test func aLostTurnIsSeen() {
    var scheduler = busyScheduler()
    scheduler.turns.removeAll()
    #expect(scheduler.brokenInvariant() == "call 1 has 0 turns")
  }

  @Test func aChunkWithoutACallIsSeen() {
    var scheduler = busyScheduler()
    scheduler.calls = [:]
    #expect(scheduler.brokenInvariant() == "place 0 holds a chunk of call 1, which is gone")
  }
}

@Suite struct ChunksGrowAndShrinkWithTheWork {
  private func scheduler(itemTime: Double) -> (Scheduler<Items>, CallID) {
    var scheduler = Scheduler<Items>(workers: 4)
    let call = scheduler.begin(itemTime: itemTime)
    return (scheduler, call)
  }

  @Test func theFirstChunkIsAProbe() {
    var (scheduler, call) = scheduler(itemTime: 0)
    #expect(scheduler.demand(of: call, chunkSize: nil) == Demand(items: 8, chunkSize: 1, together: 1))
  }

  @Test func aChunkTakesAboutHalfAMillisecond() {
    var (scheduler, call) = scheduler(itemTime: 1000)
    #expect(scheduler.demand(of: call, chunkSize: nil).chunkSize == 500)
  }

  /// Else each of a million would be looked at by itself.
  @Test func shortChunksOfGivenSizeGoTogether() {
    var (scheduler, call) = scheduler(itemTime: 1000)
    #expect(scheduler.demand(of: call, chunkSize: 1).together == 187)
  }

  @Test func longItemsGoOneByOne() {
    var (scheduler, call) = scheduler(itemTime: 1e10)
    #expect(scheduler.demand(of: call, chunkSize: nil) == Demand(items: 8, chunkSize: 1, together: 1))
  }

  @Test func aGivenSizeIsKept() {
    var (scheduler, call) = scheduler(itemTime: 1e10)
    #expect(scheduler.demand(of: call, chunkSize: 64) == Demand(items: 512, chunkSize: 64, together: 1))
  }

  /// Else a call that began before the workers had started would have one long input under way.
  @Test func whoWasToldThatThereIsNoRoomIsToldWhenThereIs() {
    func asks(_ scheduler: Scheduler<Items>) -> Int {
      scheduler.actions.count { if case .askForMore = $0 { true } else { false } }
    }
    var (scheduler, call) = scheduler(itemTime: 0)
    scheduler.start()
    let long = Items(first: 0, count: 2_000_000)
    scheduler.accept([Chunk(call: call, first: 0, count: long.count, payload: long)], now: 1)
    #expect(scheduler.demand(of: call, chunkSize: nil).items == 0)
    #expect(asks(scheduler) == 0)
    scheduler.completedHandshake(0, now: 2)
    #expect(asks(scheduler) == 1)
    scheduler.completedHandshake(1, now: 3)
    #expect(asks(scheduler) == 1, "once, until it is told again that there is none")
  }

  @Test func aShortItemsWorkerIsToldToCollectResults() {
    let (scheduler, call) = scheduler(itemTime: 100)
    scheduler.calls[call]!.isMeasured = true
    let chunk = Chunk(call: call, first: 0, count: 10, payload: Items(first: 0, count: 10))
    #expect(scheduler.hint(for: chunk) == ChunkHint(flushes: false, claimExponent: 7, polls: true))
  }

  @Test func aLongItemsWorkerAnswersAtOnceAndClaimsOneByOne() {
    let (scheduler, call) = scheduler(itemTime: 1e6)
    let chunk = Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1))
    #expect(scheduler.hint(for: chunk) == ChunkHint(flushes: true, claimExponent: 0, polls: true))
  }

  @Test func workersPollWhileThereIsAProcessorForEachThatIsBusy() {
    var scheduler = Scheduler<Items>(workers: 8, mostPolling: 2)
    scheduler.start()
    for place in 0..<8 { scheduler.completedHandshake(PlaceID(index: place), now: 0) }
    let call = scheduler.begin()
    scheduler.actions.removeAll()
    for first in 0..<8 as Range<UInt64> {
      scheduler.accept(
        [Chunk(call: call, first: ItemIndex(first), count: 1, payload: Items(first: first, count: 1))], now: 0
      )
    }
    let polls = scheduler.actions.compactMap {
      if case .sendChunk(_, _, let hint) = $0 { hint.polls } else { nil }
    }
    #expect(polls == [true, true] + Array(repeating: false, count: 6))
  }
}

@Suite struct GivingOutIsConstantTime {
  /// Where a queue's elements lie: elsewhere after it was copied.
  private func memory(of queue: Deque<Chunk<Items>>) -> UnsafeRawPointer? {
    let ring = Mirror(reflecting: queue).descendant("ring") as! [Chunk<Items>?]
    return ring.withUnsafeBytes { $0.baseAddress }
  }

  @Test func noQueueIsCopiedWhenAChunkIsGivenOutOrEnds() throws {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    for index in 0..<2 { scheduler.completedHandshake(PlaceID(index: index), now: 0) }
    let call = scheduler.begin()
    let chunks = (0..<1_000).map {
      Chunk(call: call, first: ItemIndex(UInt64($0)), count: 1, payload: Items(first: UInt64($0), count: 1))
    }
    scheduler.accept(chunks, now: 0)
    // Until each worker holds what it may: its queue has grown to its size.
    var given = 0
    for round in 1..<20 {
      answer(&scheduler, call, now: Instant(Int64(round) * 50_000))
      given = scheduler.places[0].queue.count + scheduler.places[1].queue.count
    }
    try #require(given > 10 && scheduler.calls[call]!.pendingItems > 100)
    let before = memory(of: scheduler.calls[call]!.pending)
    var copy = scheduler.calls[call]!.pending
    copy.popFirst()
    try #require(before != nil && memory(of: copy) != before, "a copy would not be seen")
    var looked = 0
    let queues = scheduler.places.map { memory(of: $0.queue) }
    for round in 20..<60 {
      let pending = scheduler.calls[call]!.pendingItems
      answer(&scheduler, call, now: Instant(Int64(round) * 50_000))
      // By one at a time: two copies in a row may end where the first began.
      if scheduler.calls[call]!.pendingItems != pending - 1 { continue }
      looked += 1
      #expect(memory(of: scheduler.calls[call]!.pending) == before)
      #expect(scheduler.places.map { memory(of: $0.queue) } == queues)
    }
    #expect(looked > 10)
  }

  /// Where the places lie: elsewhere after they were copied.
  private func memory(of places: Table<PlaceID, Scheduler<Items>.Place>) -> UnsafeRawPointer? {
    let elements = Mirror(reflecting: places).descendant("elements") as! [Scheduler<Items>.Place]
    return elements.withUnsafeBytes { $0.baseAddress }
  }

  @Test func noPlaceIsCopiedInTheLifeOfACall() throws {
    var scheduler = Scheduler<Items>(workers: 50)
    scheduler.start()
    for place in scheduler.places.indices { scheduler.completedHandshake(place, now: 0) }
    let before = memory(of: scheduler.places)
    var copy = scheduler.places
    copy[0].strikes = 1
    try #require(before != nil && memory(of: copy) != before, "a copy would not be seen")
    for round in 1...20 {
      let now = Instant(Int64(round) * 50_000)
      let call = scheduler.begin(isSingle: true, now: now)
      scheduler.accept([Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: now)
      let place = try #require(scheduler.place(running: call))
      // After each step, because two copies in a row may end where the first began.
      #expect(memory(of: scheduler.places) == before)
      _ = scheduler.received(place, call: call, first: 0, count: 1, position: nil)
      #expect(memory(of: scheduler.places) == before)
      scheduler.measure(place, now: now)
      #expect(memory(of: scheduler.places) == before)
      scheduler.retire(call, now: now)
      #expect(memory(of: scheduler.places) == before)
      scheduler.actions.removeAll()
    }
  }

  /// The worker whose turn it is ends an item.
  private func answer(_ scheduler: inout Scheduler<Items>, _ call: CallID, now: Instant) {
    let index = PlaceID(index: Int(now.time / 50_000) % 2)
    let item = scheduler.places[index].queue.first!.first
    _ = scheduler.received(index, call: call, first: item, count: 1, position: nil)
    scheduler.measure(index, now: now)
    scheduler.actions.removeAll()
  }
}

@Suite struct CallsShareTheWorkers {
  @Test func noTwoCallsHaveTheSameNumberWhenTheNumbersComeRoundAgain() {
    var scheduler = Scheduler<Items>(workers: 1)
    let long = scheduler.begin()
    scheduler.lastCall = CallID(.max)
    let others = (0..<3).map { _ in scheduler.begin() }
    #expect(long == 1)
    #expect(others == [0, 2, 3])
  }

  @Test func aShortCallIsNotBehindALongOne() {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let long = scheduler.begin(itemTime: 1e6)
    let chunks = (0..<100).map {
      Chunk(call: long, first: ItemIndex(UInt64($0)), count: 1, payload: Items(first: UInt64($0), count: 1))
    }
    scheduler.accept(chunks, now: 0)
    let short = scheduler.begin(itemTime: 1e6)
    scheduler.accept([Chunk(call: short, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    var ended: [CallID] = []
    var now: Instant = 0
    while let front = scheduler.places[0].queue.first {
      now = now + .milliseconds(1)
      _ = scheduler.received(0, call: front.call, first: front.first, count: 1)
      scheduler.measure(0, now: now)
      ended.append(front.call)
    }
    #expect(ended.firstIndex(of: short)! <= 3)
    #expect(ended.count == 101)
  }
}

@Suite struct PlacesAreFilled {
  private func fails(_ scheduler: Scheduler<Items>) -> Int {
    scheduler.actions.count { if case .fail = $0 { true } else { false } }
  }

  private func launches(_ scheduler: Scheduler<Items>) -> Int {
    scheduler.actions.count { if case .launch = $0 { true } else { false } }
  }

  @Test func aPlaceThatFailsToStartIsFilledWhenAnotherGreets() {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    let call = scheduler.begin()
    scheduler.accept(
      [Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1), seat: 0)], now: 0)
    scheduler.actions.removeAll()
    scheduler.failedToStart(0, WorkerStartFailure("bad luck"), now: 0)
    #expect(launches(scheduler) == 0 && fails(scheduler) == 0)
    scheduler.completedHandshake(1, now: 0)
    #expect(scheduler.actions.contains { if case .launch(place: 0) = $0 { true } else { false } })
    scheduler.completedHandshake(0, now: 0)
    #expect(scheduler.places[0].queue.count == 1)
    #expect(fails(scheduler) == 0)
  }

  @Test func aProgramThatNeverGreetsIsNotStartedAgain() {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    let call = scheduler.begin()
    scheduler.accept(
      [Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1), seat: 0)], now: 0)
    scheduler.actions.removeAll()
    scheduler.failedToStart(0, WorkerStartFailure("no such file"), now: 0)
    scheduler.failedToStart(1, WorkerStartFailure("no such file"), now: 0)
    #expect(launches(scheduler) == 0)
    #expect(fails(scheduler) == 1)
  }
}

@Suite struct TakingBack {
  private static let loss = WorkerLoss(
    worker: WorkerID(index: 0), pid: 1, end: .signalled(9), cause: .signal(9), peakMemory: nil,
    standardError: "")

  private static func withOneWorker() -> Scheduler<Items> {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    return scheduler
  }

  @Test func whatAWorkerKeepsOfAChunkIsSentAgainWithoutWhatWasGivenBack() {
    var scheduler = Self.withOneWorker()
    let long = scheduler.begin(itemTime: 10)
    scheduler.accept([Chunk(call: long, first: 0, count: 10, payload: Items(first: 0, count: 10))], now: 0)
    let other = scheduler.begin(itemTime: 10)
    scheduler.accept([Chunk(call: other, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    scheduler.retire(other, now: 0)
    // The worker has claimed three items, and dies before it has begun any.
    scheduler.tookBack(0, position: 3, epoch: 1, now: 0)
    scheduler.lost(0, progress: .init(position: 0, phase: .idle), loss: Self.loss, now: 0)
    scheduler.actions.removeAll()
    scheduler.completedHandshake(0, now: 0)
    let sent = scheduler.actions.compactMap { action in
      if case .sendChunk(_, let chunk, _) = action { chunk.payload } else { nil }
    }
    #expect(sent == [Items(first: 0, count: 3), Items(first: 3, count: 7)])
  }

  private static let running = WorkerSnapshot(
    progress: StatusPage.Progress(position: 0, phase: .running), written: 0)

  @Test func anAnswerThatIsWrongAtItsEndEndsNothing() {
    var scheduler = Self.withOneWorker()
    let call = scheduler.begin()
    scheduler.accept([Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    guard case .violation = scheduler.received(0, call: call, first: 0, count: 2) else {
      Issue.record("two answers to one item are taken")
      return
    }
    #expect(scheduler.places[0].queue.count == 1)
    #expect(scheduler.places[0].position == 0)
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func whatIsTakenBackGivesARunningItemNoMoreTime() {
    var scheduler = Self.withOneWorker()
    let slow = scheduler.begin(CallLimits(timeout: .milliseconds(2_000)), itemTime: 10)
    scheduler.accept([Chunk(call: slow, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    let other = scheduler.begin(itemTime: 10)
    scheduler.accept([Chunk(call: other, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    func look(_ milliseconds: Int64) -> Bool {
      scheduler.checkClock(now: .start + .milliseconds(milliseconds)) { _ in Self.running }
      return scheduler.actions.contains { if case .kill = $0 { true } else { false } }
    }
    for time in stride(from: 0, through: 1_750, by: 250) { #expect(!look(Int64(time))) }
    scheduler.retire(other, now: 1_800_000_000)
    scheduler.tookBack(0, position: 1, epoch: 1, now: 1_800_000_000)
    #expect(look(2_000))
  }

  @Test func timeInWhichThisProcessWasStoppedIsNotTheItems() {
    var scheduler = Self.withOneWorker()
    let call = scheduler.begin(CallLimits(timeout: .milliseconds(2_000)), itemTime: 10)
    scheduler.accept([Chunk(call: call, first: 0, count: 1, payload: Items(first: 0, count: 1))], now: 0)
    func look(_ milliseconds: Int64) -> Bool {
      scheduler.checkClock(now: .start + .milliseconds(milliseconds)) { _ in Self.running }
      return scheduler.actions.contains { if case .kill = $0 { true } else { false } }
    }
    for time in stride(from: 0, through: 1_000, by: 100) { #expect(!look(Int64(time))) }
    // An hour later.
    for time in stride(from: 3_600_000, to: 3_601_000, by: 100) { #expect(!look(Int64(time)), "\(time)") }
    #expect(look(3_601_000))
  }

  @Test func theItemAfterTheOneThatTookTooLongIsNotChargedWithIt() {
    var scheduler = Self.withOneWorker()
    let call = scheduler.begin(CallLimits(timeout: .milliseconds(1)), itemTime: 10)
    scheduler.accept([Chunk(call: call, first: 0, count: 3, payload: Items(first: 0, count: 3))], now: 0)
    scheduler.checkClock(now: 0) { _ in Self.running }
    scheduler.checkClock(now: 5_000_000) { _ in Self.running }
    #expect(scheduler.actions.contains { if case .kill = $0 { true } else { false } })
    // It ended all the same, before the signal came.
    _ = scheduler.received(0, call: call, first: 0, count: 1)
    scheduler.lost(0, progress: .init(position: 1, phase: .idle), loss: Self.loss, now: 0)
    #expect(!scheduler.actions.contains { if case .fail = $0 { true } else { false } })
    #expect(scheduler.calls[call]!.pendingItems == 2)
  }
}

@Suite struct ThePreparationForAnItem {
  private static let loss = WorkerLoss(
    worker: WorkerID(index: 0), pid: 1, end: .signalled(9), cause: .timeLimit, peakMemory: nil,
    standardError: "")

  private func scheduler(stallTime: Nanoseconds? = nil, timeout: Duration? = nil) -> Scheduler<Items> {
    var scheduler = Scheduler<Items>(workers: 1, stallTime: stallTime)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let call = scheduler.begin(CallLimits(timeout: timeout))
    scheduler.accept([Chunk(call: call, first: 0, count: 2, payload: Items(first: 0, count: 2))], now: 0)
    scheduler.actions.removeAll()
    return scheduler
  }

  private func look(_ scheduler: inout Scheduler<Items>, _ phase: StatusPage.Phase, at milliseconds: Int64) {
    scheduler.checkClock(now: .start + .milliseconds(milliseconds)) { _ in
      WorkerSnapshot(progress: StatusPage.Progress(position: 0, phase: phase), written: 0)
    }
  }

  private func isKilled(_ scheduler: Scheduler<Items>) -> Bool {
    scheduler.actions.contains { if case .kill = $0 { true } else { false } }
  }

  @Test func hasTheLimitOfTheItem() {
    var scheduler = scheduler(timeout: .milliseconds(500))
    for time in stride(from: Int64(0), through: 450, by: 50) { look(&scheduler, .preparing, at: time) }
    #expect(!isKilled(scheduler))
    look(&scheduler, .preparing, at: 500)
    #expect(isKilled(scheduler))
    scheduler.lost(0, progress: .init(position: 0, phase: .preparing), loss: Self.loss, now: 600_000_000)
    let traces = scheduler.actions.compactMap { action in
      if case .fail(_, let first, let count, let trace, .timedOut) = action {
        (first, count, trace)
      } else {
        nil
      }
    }
    #expect(traces.count == 1 && traces[0].0 == 0 && traces[0].1 == 1)
    #expect(traces.first?.2.isPreparation == true && traces.first?.2.elapsed == 600_000_000)
  }

  @Test func leavesTheItemItsOwn() {
    var scheduler = scheduler(timeout: .milliseconds(500))
    for time in stride(from: Int64(0), through: 450, by: 50) { look(&scheduler, .preparing, at: time) }
    for time in stride(from: Int64(500), through: 950, by: 50) { look(&scheduler, .running, at: time) }
    #expect(!isKilled(scheduler))
    look(&scheduler, .running, at: 1_000)
    #expect(isKilled(scheduler))
    scheduler.lost(0, progress: .init(position: 0, phase: .running), loss: Self.loss, now: 1_000_000_000)
    let traces = scheduler.actions.compactMap { action in
      if case .fail(_, _, _, let trace, .timedOut) = action { trace } else { nil }
    }
    #expect(traces.first?.isPreparation == false)
  }

  @Test func isToldOfWhenItTakesLong() {
    var scheduler = scheduler(stallTime: 100_000_000)
    for time in stride(from: Int64(0), through: 300, by: 50) { look(&scheduler, .preparing, at: time) }
    let stalls = scheduler.actions.compactMap { action in
      if case .announce(.itemStalled(let item, _, _, _)) = action { item } else { nil }
    }
    #expect(stalls == [ItemID(call: 1, index: 0)])
  }
}
