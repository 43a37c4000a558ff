import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// What a call builds in a worker lives there until the call ends, and no longer.
  @Suite struct CallState {
    @Test(arguments: Kind.allCases) func prepareRunsOncePerCallAndWorker(_ kind: Kind) async throws {
      let calls = try await withPool(workers: 2, worker: kind.worker) { pool in
        var calls: [[Tally]] = []
        for _ in 0..<3 {
          calls.append(try await pool.map(Count(milliseconds: 2), over: 0..<40, chunkSize: 3))
        }
        return calls
      }
      for tallies in calls {
        #expect(tallies.allSatisfy { $0.prepared == 1 })
        for worker in 0..<2 {
          let items = tallies.filter { $0.worker == worker }.map(\.items)
          // None where the other one was faster; in another order where one helped the other.
          #expect(items.sorted().elementsEqual(1..<items.count + 1), "the state of a call is its own")
        }
      }
    }

    @Test(arguments: Kind.allCases) func callsAtOnceDoNotShareState(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        async let one = pool.map(Accumulate(startingAt: 100), over: repeatElement(1, count: 50), chunkSize: 1)
        async let other = pool.map(
          Accumulate(startingAt: 900), over: repeatElement(1, count: 50), chunkSize: 1)
        let outputs = try await (one, other)
        #expect(outputs.0 == Array(101...150))
        #expect(outputs.1 == Array(901...950))
      }
    }

    @Test(arguments: Kind.allCases) func whatAMutatingRunChangesStaysInTheWorker(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let task = Accumulate(startingAt: 10)
        let first = try await pool.map(task, over: 1...4)
        let second = try await pool.map(task, over: 1...4)
        #expect(first == [11, 13, 16, 20])
        #expect(second == first)
      }
    }

    @Test(arguments: Kind.allCases) func aPreparationThatThrowsFailsEveryItemItsWorkersGet(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let results = await pool.mapResults(Unprepared(), over: 0..<20)
        for (index, result) in results.enumerated() {
          guard case .failure(.taskFailed(let failure)) = result else {
            Issue.record("\(result)")
            continue
          }
          #expect(failure.isPreparation && failure.item.index == index)
          #expect(failure.underlying as? Misfit == Misfit(value: -1))
        }
        let outputs = try await pool.map(Echo(), over: 0..<20)
        #expect(outputs == Array(0..<20))
      }
    }
  }
}
