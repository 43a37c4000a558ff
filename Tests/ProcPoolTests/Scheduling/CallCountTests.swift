import Testing

@testable import ProcPool

/// The time in which no chunk of a call was pending, which its caller is blamed for.
@Suite struct TheTimeWithoutPendingChunks {
  private func accept(_ first: UInt64, of call: CallID, in scheduler: inout Scheduler<Items>, now: Instant) {
    scheduler.accept(
      [Chunk(call: call, first: ItemIndex(first), count: 1, payload: Items(first: first, count: 1))], now: now
    )
  }

  private func finish(_ first: UInt64, of call: CallID, in scheduler: inout Scheduler<Items>, now: Instant) {
    _ = scheduler.received(0, call: call, first: ItemIndex(first), count: 1)
    scheduler.measure(0, now: now)
  }

  @Test func countsOnceItIsKnownHowMuchTheWorkersNeed() {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    let call = scheduler.begin()
    // The pool does not know yet how long an item takes, and asks for one.
    accept(0, of: call, in: &scheduler, now: 0)
    finish(0, of: call, in: &scheduler, now: 1_000_000)
    accept(1, of: call, in: &scheduler, now: 1_500_000)
    #expect(scheduler.calls[call]!.counts.empty == .zero)
    finish(1, of: call, in: &scheduler, now: 2_000_000)
    accept(2, of: call, in: &scheduler, now: 9_500_000)
    #expect(scheduler.calls[call]!.counts.empty == Nanoseconds(8_000_000))
  }
}
