import FaultyTasks
import ProcPool
import Testing

/// A consumer on the main actor leaves it only to wait for results, not for each of them.
///
/// Counted, not timed: another job of the main actor runs whenever the consumer lets go of it, and how often it got in
/// between two items is how often the consumer was suspended.
@Suite(.serialized, .timeLimit(.minutes(1))) struct Hops {
  private static let items = 10_000

  /// How often the main actor was let go of between two calls of `step`.
  private func interruptions(_ body: (_ step: () -> Void) async throws -> Void) async throws -> Int {
    var turns = 0
    var isOver = false
    let other = Task {
      while !isOver {
        turns += 1
        await Task.yield()
      }
    }
    while turns == 0 { await Task.yield() }
    var seen = turns
    var count = 0
    try await body {
      if turns != seen { count += 1 }
      seen = turns
    }
    isOver = true
    await other.value
    return count
  }

  @Test(arguments: [WorkerKind.faulty, .inProcess]) func aConsumerOfImapPaysNoHopPerItem(_ kind: WorkerKind) async throws {
    try await withPool(workers: 2, worker: kind) { pool in
      var sum = 0
      let count = try await interruptions { step in
        for try await output in pool.imap(Echo(), over: 0..<Self.items, chunkSize: 100) {
          sum += output
          step()
        }
      }
      #expect(sum == Self.items * (Self.items - 1) / 2)
      // One for each of the hundred chunks, at most, and a few at the beginning.
      #expect(count <= 2 * Self.items / 100, "\(count) suspensions for \(Self.items) items")
    }
  }

  @Test func aHopPerItemIsSeen() async throws {
    let count = try await interruptions { step in
      for _ in 0..<Self.items {
        await elsewhere()
        step()
      }
    }
    #expect(count > Self.items / 2)
  }
}

@concurrent private func elsewhere() async {}
