import Testing

@testable import ProcPool

/// A pool outlives a moment in which no worker can be started.
@Suite struct Shortages {
  private static let shortage = WorkerStartFailure("no process to be had", isShortage: true)

  private func rests(_ scheduler: Scheduler<Items>) -> [Nanoseconds] {
    scheduler.actions.compactMap { if case .rest(_, let time) = $0 { time } else { nil } }
  }

  private func launches(_ scheduler: Scheduler<Items>) -> Int {
    scheduler.actions.count { if case .launch = $0 { true } else { false } }
  }

  private func failures(_ scheduler: Scheduler<Items>) -> [ItemFailure] {
    scheduler.actions.compactMap { if case .fail(_, _, _, _, let failure) = $0 { failure } else { nil } }
  }

  private func accept(_ call: CallID, first: UInt64 = 0, in scheduler: inout Scheduler<Items>) {
    scheduler.accept(
      [Chunk(call: call, first: ItemIndex(first), count: 1, payload: Items(first: first, count: 1))], now: 0)
  }

  @Test func startsAreTriedAgainForAsLongAsThePoolLives() {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    for _ in 0..<100 {
      scheduler.actions.removeAll()
      scheduler.failedToStart(0, Self.shortage, now: 0)
      #expect(rests(scheduler).count == 1)
      #expect(rests(scheduler)[0] <= 1_600_000_000)
      scheduler.rested(0)
      #expect(launches(scheduler) == 1)
      #expect(scheduler.life == .open)
    }
    scheduler.completedHandshake(0, now: 0)
    let call = scheduler.begin()
    scheduler.actions.removeAll()
    accept(call, in: &scheduler)
    #expect(scheduler.places[0].queue.count == 1)
  }

  @Test func aCallWaitsForSixTriesAndFailsWithTheReason() {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    let call = scheduler.begin()
    accept(call, in: &scheduler)
    for attempt in 1...6 {
      #expect(failures(scheduler).isEmpty, "before attempt \(attempt)")
      scheduler.failedToStart(0, Self.shortage, now: 0)
      if attempt < 6 { scheduler.rested(0) }
    }
    #expect(failures(scheduler) == [.noWorkers(Self.shortage)])
  }

  /// Others may be running: an item that is for this one says why it has none.
  @Test func anItemForAPlaceWithoutWorkerFailsWithTheReasonToo() {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let call = scheduler.begin()
    scheduler.accept(
      [
        Chunk(
          call: call, first: 0, count: 1, payload: Items(first: 0, count: 1), seat: WorkerID(index: 1))
      ],
      now: 0)
    for attempt in 1...6 {
      #expect(failures(scheduler).isEmpty, "before attempt \(attempt)")
      scheduler.failedToStart(1, Self.shortage, now: 0)
      if attempt < 6 { scheduler.rested(1) }
    }
    #expect(failures(scheduler) == [.noWorkers(Self.shortage)])
  }

  @Test func theNextCallPromptsAnotherTryAndIsServedByIt() {
    var scheduler = Scheduler<Items>(workers: 2)
    scheduler.start()
    for _ in 0..<6 {
      for place in (0..<2).map(PlaceID.init(index:)) {
        scheduler.failedToStart(place, Self.shortage, now: 0)
        scheduler.rested(place)
      }
    }
    for place in (0..<2).map(PlaceID.init(index:)) { scheduler.failedToStart(place, Self.shortage, now: 0) }
    scheduler.actions.removeAll()
    let call = scheduler.begin()
    accept(call, in: &scheduler)
    #expect(launches(scheduler) == 2)
    #expect(failures(scheduler).isEmpty)
    scheduler.completedHandshake(1, now: 0)
    #expect(scheduler.places[1].queue.count == 1)
    #expect(failures(scheduler).isEmpty)
  }

  @Test func aPoolThatIsClosedMeanwhileEnds() {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    let call = scheduler.begin()
    accept(call, in: &scheduler)
    scheduler.close()
    for attempt in 1...6 {
      scheduler.failedToStart(0, Self.shortage, now: 0)
      if attempt < 6 { scheduler.rested(0) }
    }
    scheduler.retire(call, now: 0)
    #expect(scheduler.life == .stopped)
  }

  @Test func standbyProcessesAreStartedAgainAfterAShortage() {
    var scheduler = Scheduler<Items>(workers: 1, recycling: Recycling(standby: 1))
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let spare = scheduler.places.firstIndex { $0.seat == nil && $0.state == .launching }!
    for _ in 0..<10 {
      scheduler.failedToStart(spare, Self.shortage, now: 0)
      scheduler.rested(spare)
    }
    scheduler.completedHandshake(spare, now: 0)
    #expect(scheduler.places[spare].state == .standby)
  }
}
