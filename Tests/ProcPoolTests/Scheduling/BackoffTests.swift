import ProcPoolProtocol
import ProcPoolSystem
import Testing

@testable import ProcPool

@Suite struct PausesGrow {
  private let backoff = Backoff.exponential(
    from: .milliseconds(100), to: .seconds(1), jitter: 0.5, maximumAttempts: 9)

  @Test func twofoldUpToAMaximum() {
    let pauses = (1...6).map { backoff.pause(after: $0, random: 0) / 1_000_000 }
    #expect(pauses == [100, 200, 400, 800, 1000, 1000])
    #expect(backoff.pause(after: .max, random: 0) == 1_000_000_000)
  }

  @Test func byAPartThatIsRandom() {
    #expect(backoff.pause(after: 2, random: 0.5) == 150_000_000)
    #expect(backoff.pause(after: 2, random: 1) == 100_000_000)
    let constant = Backoff.constant(.seconds(3), maximumAttempts: 2)
    #expect(constant.pause(after: 7, random: 0.9) == 3_000_000_000)
  }

  @Test func noFurtherThanTimeItself() {
    let endless = Backoff.constant(.seconds(Int64.max), maximumAttempts: 2)
    #expect(endless.pause(after: 1, random: 0) > 0)
    let none = Backoff.exponential(from: .zero, to: .zero, maximumAttempts: 3)
    #expect(none.pause(after: .max, random: 0) == 0)
  }
}

@Suite struct AnItemThatThrows {
  private static let loss = WorkerLoss(
    worker: WorkerID(index: 0), pid: 1, end: .signalled(9), cause: .signal(9), peakMemory: nil,
    standardError: "")

  private func scheduler(
    attempts: Int = 1, maximumAttempts: Int = 3, items: Int = 2
  ) -> (Scheduler<Items>, call: CallID) {
    var scheduler = Scheduler<Items>(workers: 1)
    scheduler.start()
    scheduler.completedHandshake(0, now: 0)
    var limits = CallLimits(attempts: attempts)
    limits.backoff = .constant(.nanoseconds(100), maximumAttempts: maximumAttempts)
    let call = scheduler.begin(limits)
    scheduler.accept(
      [Chunk(call: call, first: 0, count: items, payload: Items(first: 0, count: items))], now: 0)
    scheduler.actions.removeAll()
    return (scheduler, call)
  }

  /// The chunks that were sent since this was last asked, as their first item and attempt.
  private func sent(_ scheduler: inout Scheduler<Items>) -> [[Int]] {
    defer { scheduler.actions.removeAll() }
    return scheduler.actions.compactMap {
      if case .sendChunk(_, let chunk, _) = $0 {
        [Int(chunk.first.value), chunk.count, chunk.attempt]
      } else {
        nil
      }
    }
  }

  @Test func waitsOutsideOfItsWorkerAndIsRunAgain() {
    var (scheduler, call) = scheduler()
    #expect(scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 1_000) == .ignore)
    #expect(scheduler.calls[call]!.paused == 1 && scheduler.calls[call]!.inFlight == 1)
    #expect(!scheduler.hasEnded(call) && scheduler.patience(now: 1_000) == 100)
    // The next item continues, and the worker has nothing left.
    #expect(scheduler.received(0, call: call, first: 1, count: 1) == .deliver(skipping: 0))
    #expect(scheduler.isIdle(0) && !scheduler.hasEnded(call))
    #expect(sent(&scheduler).isEmpty)
    scheduler.checkClock(now: 1_099) { _ in WorkerSnapshot(written: 0) }
    #expect(sent(&scheduler).isEmpty)
    scheduler.checkClock(now: 1_100) { _ in WorkerSnapshot(written: 0) }
    #expect(sent(&scheduler) == [[0, 1, 2]])
    #expect(scheduler.received(0, call: call, first: 0, count: 1) == .deliver(skipping: 0))
    #expect(scheduler.hasEnded(call) && scheduler.calls[call]!.counts.ended == 2)
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func failsInItsLastAttempt() {
    var (scheduler, call) = scheduler(items: 1)
    for attempt in 2...3 {
      #expect(scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0) == .ignore)
      scheduler.endPauses(now: 100)
      #expect(sent(&scheduler) == [[0, 1, attempt]])
    }
    #expect(scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0) == .deliver(skipping: 0))
    #expect(scheduler.hasEnded(call))
  }

  @Test func hasAttemptsApartFromThoseForLostWorkers() {
    var (scheduler, call) = scheduler(attempts: 2, maximumAttempts: 2, items: 1)
    _ = scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0)
    scheduler.endPauses(now: 100)
    #expect(sent(&scheduler) == [[0, 1, 2]])
    // The second attempt loses its worker: one more is allowed for that.
    scheduler.lost(0, progress: .init(position: 1, phase: .running), loss: Self.loss, now: 200)
    #expect(!scheduler.actions.contains { if case .fail = $0 { true } else { false } })
    scheduler.completedHandshake(0, now: 300)
    #expect(sent(&scheduler) == [[0, 1, 3]])
    // And none for another throw.
    #expect(scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 400) == .deliver(skipping: 0))
  }

  @Test func isForgottenWithItsCall() {
    var (scheduler, call) = scheduler(items: 1)
    _ = scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0)
    scheduler.retire(call, now: 0)
    #expect(scheduler.calls[call] == nil && scheduler.pauses.isEmpty)
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func failsWithThePool() {
    var (scheduler, call) = scheduler(items: 1)
    _ = scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0)
    scheduler.actions.removeAll()
    scheduler.terminate()
    let failures = scheduler.actions.count {
      if case .fail(call, 0, 1, _, .terminated) = $0 { true } else { false }
    }
    #expect(failures == 1 && scheduler.pauses.isEmpty)
    #expect(scheduler.brokenInvariant() == nil)
  }

  @Test func doesNotKeepItsOwnerFromHandingOverOthers() {
    var (scheduler, call) = scheduler(items: 1)
    let before = scheduler.demand(of: call, chunkSize: 1).items
    _ = scheduler.received(0, call: call, first: 0, count: 1, thrownAt: 0)
    #expect(scheduler.demand(of: call, chunkSize: 1).items == before + 1)
  }
}
