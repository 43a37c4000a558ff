import ProcPoolProtocol
import ProcPoolWorker
import Testing

@testable import ProcPool

@Suite struct WorkGoesToIdleWorkers {
  private let soon = Scheduler<Items>.worthRebalancing

  private func chunk(_ call: CallID, _ first: UInt64 = 0, count: Int = 1, seat: WorkerID? = nil) -> Chunk<
    Items
  > {
    Chunk(
      call: call, first: ItemIndex(first), count: count, payload: Items(first: first, count: count),
      seat: seat)
  }

  /// Worker 0 has everything; the others complete the handshake afterwards.
  private func scheduler(
    workers: Int = 2, processors: Int = .max, _ chunks: (inout Scheduler<Items>) -> [Chunk<Items>]
  ) -> Scheduler<Items> {
    var scheduler = Scheduler<Items>(workers: workers, processors: processors)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    for chunk in chunks(&scheduler) { scheduler.accept([chunk], now: 0) }
    for index in 1..<workers { scheduler.completedHandshake(PlaceID(index: index), now: 0) }
    scheduler.actions.removeAll()
    return scheduler
  }

  private func looks(
    _ scheduler: inout Scheduler<Items>, at now: Instant, position: UInt64 = 0,
    phase: StatusPage.Phase = .running, written: UInt64 = 0
  ) -> [PlaceID] {
    scheduler.actions.removeAll()
    scheduler.rebalance(now: now) {
      WorkerSnapshot(
        progress: StatusPage.Progress(position: $0 == 0 ? position : 0, phase: phase), written: written)
    }
    return scheduler.actions.compactMap { if case .takeBack(let place) = $0 { place } else { nil } }
  }

  private func items(_ scheduler: Scheduler<Items>) -> [Int] {
    scheduler.places.prefix(scheduler.seats.count).map(\.items)
  }

  @Test func whatWaitsIsDividedAmongAll() {
    var scheduler = scheduler(workers: 3) { [chunk($0.begin(itemTime: 10_000), count: 100)] }
    #expect(items(scheduler) == [100, 0, 0])
    #expect(looks(&scheduler, at: 1) == [0], "as soon as somebody has nothing to do")
    scheduler.tookBack(0, position: 10, epoch: 1, now: 1)
    #expect(items(scheduler) == [40, 30, 30])
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func aFewItemsGoToAllWhoHaveNothingToDo() {
    var scheduler = Scheduler<Items>(workers: 3)
    scheduler.start()
    for index in 0..<3 { scheduler.completedHandshake(PlaceID(index: index), now: 0) }
    let call = scheduler.begin(itemTime: 60_000)
    scheduler.accept((0..<6).map { chunk(call, $0) }, now: 0)
    #expect(items(scheduler) == [2, 2, 2])
  }

  /// To wake another worker up would take longer than it saves.
  @Test func aFewItemsThatAreSoonOverStayTogether() {
    var scheduler = Scheduler<Items>(workers: 3)
    scheduler.start()
    for index in 0..<3 { scheduler.completedHandshake(PlaceID(index: index), now: 0) }
    let call = scheduler.begin(itemTime: 1_000)
    scheduler.accept((0..<6).map { chunk(call, $0) }, now: 0)
    #expect(items(scheduler) == [6, 0, 0])
  }

  @Test func whatIsSoonOverStays() {
    var scheduler = scheduler { [chunk($0.begin(itemTime: 1000), count: 100)] }
    for look in 0..<10 {
      #expect(looks(&scheduler, at: .start + soon * look, position: UInt64(10 * look)) == [])
    }
  }

  /// Nobody knows how long it takes.
  @Test func whatIsBehindALongItemDoesNotWaitForIt() {
    var scheduler = scheduler { [chunk($0.begin(itemTime: 10), count: 5)] }
    #expect(looks(&scheduler, at: 1, position: 2) == [])
    #expect(looks(&scheduler, at: .start + soon, position: 2) == [])
    #expect(looks(&scheduler, at: 1 + soon, position: 2) == [0])
    scheduler.tookBack(0, position: 3, epoch: 1, now: 1 + soon)
    #expect(items(scheduler) == [3, 2])
  }

  @Test func whatIsBehindAnotherCallsLongItemDoesNotWaitForIt() {
    var calls: [CallID] = []
    var scheduler = scheduler { scheduler in
      calls = (0..<2).map { _ in scheduler.begin(itemTime: 10) }
      return calls.map { chunk($0) }
    }
    #expect(looks(&scheduler, at: 1) == [])
    #expect(looks(&scheduler, at: 1 + soon) == [0])
    scheduler.tookBack(0, position: 1, epoch: 1, now: 1 + soon)
    #expect(scheduler.places[0].queue.map(\.call) == [calls[0]])
    #expect(scheduler.places[1].queue.map(\.call) == [calls[1]])
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func aWorkerThatDoesNotGetOnGetsNoMoreUntilItDoes() {
    var call: CallID = 0
    var scheduler = scheduler { scheduler in
      call = scheduler.begin(itemTime: 10)
      return [chunk(call, count: 2)]
    }
    _ = looks(&scheduler, at: 1)
    #expect(looks(&scheduler, at: 1 + soon) == [0])
    scheduler.tookBack(0, position: 1, epoch: 1, now: 1 + soon)
    for item in 2..<6 { scheduler.accept([chunk(call, UInt64(item))], now: 1 + soon) }
    #expect(items(scheduler) == [1, 5])
    _ = scheduler.received(0, call: call, first: 0, count: 1)
    scheduler.accept([chunk(call, 6)], now: 2 + soon)
    #expect(items(scheduler) == [1, 5])
  }

  /// As one that was stopped.
  @Test func aWorkerThatDoesNotEvenBeginLosesTheOnlyItemThatItHas() {
    let late = Scheduler<Items>.longestSilence
    var scheduler = scheduler { [chunk($0.begin(itemTime: 10))] }
    #expect(scheduler.timeUntilRebalancing == late)
    #expect(looks(&scheduler, at: 1, phase: .idle) == [])
    #expect(looks(&scheduler, at: .start + late, phase: .idle) == [])
    #expect(looks(&scheduler, at: 1 + late, phase: .idle) == [0])
    scheduler.tookBack(0, position: 0, epoch: 1, now: 1 + late)
    #expect(items(scheduler) == [0, 1])
  }

  @Test func aWorkerKeepsTheOnlyItemThatItIsRunning() {
    var scheduler = scheduler { [chunk($0.begin(itemTime: 10))] }
    for look in 0..<5 {
      #expect(looks(&scheduler, at: .start + Scheduler<Items>.longestSilence * look) == [])
    }
  }

  /// It would have to begin anew with another, and so on.
  @Test func whatAWorkerHasNotEvenBegunIsNotTakenFromItBecauseThereIsMuchOfIt() {
    var scheduler = scheduler { [chunk($0.begin(itemTime: 1e6), count: 100)] }
    for look in 0..<10 { #expect(looks(&scheduler, at: .start + soon * look, phase: .idle) == []) }
    #expect(looks(&scheduler, at: .start + soon * 10) == [0])
  }

  /// A long frame takes its time.
  @Test func aWorkerThatIsStillBeingWrittenToHasNotStopped() {
    let late = Scheduler<Items>.longestSilence
    var scheduler = scheduler { [chunk($0.begin(itemTime: 10))] }
    for look in 0..<5 {
      let now = Instant.start + late * look
      #expect(looks(&scheduler, at: now, phase: .idle, written: UInt64(look) * 4096) == [])
    }
  }

  /// Whether or not anybody has looked.
  @Test func aWorkerOfWhichNothingIsHeardGetsNoMore() {
    let late = Scheduler<Items>.longestSilence * 2
    var call: CallID = 0
    var scheduler = scheduler { scheduler in
      call = scheduler.begin(itemTime: 10)
      return [chunk(call)]
    }
    for item in 1..<5 { scheduler.accept([chunk(call, UInt64(item))], now: .start + late) }
    #expect(items(scheduler) == [1, 4])
  }

  @Test func whatIsForACertainWorkerStaysThere() {
    var scheduler = scheduler { scheduler in
      let call = scheduler.begin(itemTime: 10)
      return [chunk(call, 0, seat: 0), chunk(call, 1, seat: 0)]
    }
    #expect(looks(&scheduler, at: 1) == [])
    #expect(looks(&scheduler, at: .start + soon * 10) == [])
  }

  @Test func nothingIsTakenBackWhileEverybodyHasSomethingToDo() {
    var scheduler = scheduler(workers: 1) { [chunk($0.begin(itemTime: 1e6), count: 100)] }
    #expect(scheduler.timeUntilRebalancing == nil)
    #expect(looks(&scheduler, at: .start + soon * 10) == [])
  }

  /// They wait for each other's processors; only what takes very long is shared.
  @Test func thereIsMorePatienceWhereProcessorsAreBusy() {
    var scheduler = scheduler(processors: 1) { [chunk($0.begin(itemTime: 10_000), count: 100)] }
    #expect(looks(&scheduler, at: 1) == [])
    #expect(looks(&scheduler, at: 1 + soon) == [])
    #expect(looks(&scheduler, at: 1 + soon * 100) == [0])
  }

  /// With less, a worker would wait for the coordinator after every long item.
  @Test func theNextLongItemIsThereBeforeTheWorkerNeedsIt() {
    var call: CallID = 0
    var scheduler = scheduler(workers: 1) { scheduler in
      call = scheduler.begin()
      return [chunk(call), chunk(call, 1), chunk(call, 2), chunk(call, 3)]
    }
    #expect(items(scheduler) == [1], "how long they take is not known")
    _ = scheduler.received(0, call: call, first: 0, count: 1)
    scheduler.measure(0, now: 50_000_000)
    #expect(items(scheduler) == [2])
  }

  @Test func whatAnEarlierCallsItemsTookIsBelievedUntilTheFirstOfThisOneEnds() {
    var call: CallID = 0
    var scheduler = scheduler(workers: 1) { scheduler in
      call = scheduler.begin(itemTime: 1000)
      return [chunk(call, count: 100), chunk(call, 100, count: 100)]
    }
    #expect(items(scheduler) == [200])
    #expect(scheduler.hint(for: scheduler.places[0].queue[0]).claimExponent == 0)
    _ = scheduler.received(0, call: call, first: 0, count: 10)
    scheduler.measure(0, now: 1_000_000)
    #expect(scheduler.calls[call]!.itemTime == 100_000)
  }

  /// What cannot be taken back must not go there on the word of another call.
  @Test func nothingIsBelievedWhereNothingCanBeTakenBack() {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    scheduler.completedHandshake(0, canGiveBack: false, now: 0)
    let call = scheduler.begin(itemTime: 1000)
    #expect(scheduler.calls[call]!.itemTime == 0)
    #expect(scheduler.calls[scheduler.begin(isSingle: true, itemTime: 1000)]!.itemTime == 1000)
  }
}
