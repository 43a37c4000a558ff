import FaultyTasks
import ProcPool
import Testing

/// A consumer on the main actor leaves it only to wait for results, not for each of them.
///
/// Counted, not timed: another job of the main actor runs whenever the consumer lets go of it, and how often
/// it got in between two items is how often the consumer was suspended.
@Suite(.serialized, .timeLimit(.minutes(5))) struct Hops {
  private static let items = 10_000

  @Test(arguments: [WorkerSource.faulty, .threads]) func aConsumerOfImapPaysNoHopPerItem(_ kind: WorkerSource)
    async throws
  {
    try await withPool(workers: 2, worker: kind) { pool in
      let turnstile = await Turnstile()
      var sum = 0
      for try await output in pool.imap(Echo(), over: 0..<Self.items, chunkSize: 100) {
        sum += output
        turnstile.pass()
      }
      let count = await turnstile.close()
      #expect(sum == Self.items * (Self.items - 1) / 2)
      // One for each of the hundred chunks, at most, and a few at the beginning.
      #expect(count <= 2 * Self.items / 100, "\(count) suspensions for \(Self.items) items")
    }
  }

  @Test func aHopPerItemIsSeen() async throws {
    let turnstile = await Turnstile()
    for _ in 0..<Self.items {
      await Task.detached {}.value
      turnstile.pass()
    }
    #expect(await turnstile.close() > Self.items / 10)
  }
}

/// Counts how often the main actor was let go of between two passes.
private final class Turnstile {
  private var turns = 0
  private var seen = 0
  private var interruptions = 0
  private var isOpen = true
  private var other: Task<Void, Never>?

  /// Starts the other job, and waits until it runs.
  init() async {
    other = Task { [self] in
      while isOpen {
        turns += 1
        await Task.yield()
      }
    }
    while turns == 0 { await Task.yield() }
    seen = turns
  }

  func pass() {
    if turns != seen { interruptions += 1 }
    seen = turns
  }

  /// - Returns: how many passes came after the other job had its turn.
  func close() async -> Int {
    isOpen = false
    await other?.value
    return interruptions
  }
}
