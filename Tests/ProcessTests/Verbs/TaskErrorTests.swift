import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// What a task throws arrives as it was, at the item that threw it; so does what cannot travel.
  @Suite struct TaskErrors {
    @Test(arguments: Kind.allCases) func anErrorThatIsCodableArrivesAsItself(_ kind: Kind) async throws {
      let error = try await poolError {
        try await withPool(workers: 2, worker: kind.worker) { try await $0.map(ThrowAt([7]), over: 0..<20) }
      }
      guard case .taskFailed(let failure) = error else { throw error }
      #expect(failure.item.index == 7 && failure.item.call == 1)
      #expect((0..<2).contains(failure.worker.index))
      #expect(!failure.isPreparation)
      #expect(failure.typeName == "FaultyTasks.Misfit")
      #expect(failure.message == "Misfit(value: 7)")
      #expect(failure.underlying as? Misfit == Misfit(value: 7))
      #expect("\(error)".contains("item 7 of call 1 failed in worker"))
    }

    @Test(arguments: Kind.allCases) func anErrorThatIsNotCodableArrivesInWords(_ kind: Kind) async throws {
      let error = try await poolError {
        try await withPool(workers: 2, worker: kind.worker) { pool in
          try await pool.apply(ThrowAt([7], isCodable: false), to: 7)
        }
      }
      guard case .taskFailed(let failure) = error else { throw error }
      #expect(failure.typeName == "FaultyTasks.Mishap")
      #expect(failure.message == "no use for 7")
      #expect(failure.underlying == nil)
    }

    @Test(arguments: Kind.allCases) func mapThrowsTheErrorOfTheLowestItemThatFails(_ kind: Kind) async throws
    {
      let seed = Seed()
      var numbers = seed.numbers
      try await withPool(workers: 4, worker: kind.worker) { pool in
        for _ in 0..<20 {
          let bad = Set((0..<5).map { _ in Int.random(in: 0..<200, using: &numbers) })
          let error = try await poolError { try await pool.map(ThrowAt(bad), over: 0..<200, chunkSize: 3) }
          #expect(error.item?.index == bad.min(), "\(seed)")
        }
      }
    }

    @Test(arguments: Kind.allCases) func mapRunsNoMoreOnceAnItemHasFailed(_ kind: Kind) async throws {
      let taken = Streams.Endless()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let error = try await poolError { try await pool.map(ThrowAt([50]), over: taken) }
        #expect(error.item?.index == 50)
        let outputs = try await pool.map(Echo(), over: 0..<10)
        #expect(outputs == Array(0..<10))
      }
    }

    @Test(arguments: Kind.allCases) func whatCannotBeEncodedOrDecodedFailsItsItemOnly(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        for (weakness, isEncoding) in [(Fragile.Weakness.encoding, true), (.decoding, false)] {
          let inputs = (0..<10).map { Fragile($0, $0 == 4 ? weakness : .none) }
          let received = await pool.mapResults(Receive(), over: inputs)
          let returned = await pool.mapResults(Return(at: 4, weakness), over: 0..<10)
          for index in 0..<10 where index != 4 {
            #expect(try received[index].get() == index)
            #expect(try returned[index].get().value == index)
          }
          try expect(received[4], .input, isEncoding)
          try expect(returned[4], .output, isEncoding)
          let error = try await poolError { try await pool.apply(Receive(), to: Fragile(1, weakness)) }
          try expect(Result<Int, PoolError>.failure(error), .input, isEncoding)
        }
      }
    }

    private func expect<Value>(
      _ result: Result<Value, PoolError>, _ value: CodingFailure.Value, _ isEncoding: Bool
    ) throws {
      guard case .failure(.notCodable(let failure)) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(failure.value == value)
      #expect(failure.isEncoding == isEncoding)
      #expect(failure.message.contains(isEncoding ? "broken at home" : "broken on arrival"))
    }

    @Test(arguments: Kind.allCases) func aTaskValueThatFailsOnItsWayIsAnError(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        for (weakness, word) in [(Fragile.Weakness.encoding, "encoded"), (.decoding, "decode")] {
          let error = try await poolError {
            try await pool.map(FragileTask(Fragile(1, weakness)), over: 0..<10)
          }
          guard case .taskUnavailable(let message) = error else { throw error }
          #expect(message.contains("FragileTask") && message.contains(word))
        }
        let outputs = try await pool.map(FragileTask(Fragile(1)), over: 0..<10)
        #expect(outputs == Array(0..<10))
      }
    }
  }
}

private struct Hidden: PoolTask {
  func run(_ input: Int) -> Int { input }
}

/// Known here, and in no worker.
struct Unlinked: PoolTask {
  func run(_ input: Int) -> Int { input + 1 }
}

extension Processes.Verbs {
  /// A task that workers cannot have is refused, with words that help.
  @Suite struct Refusals {
    @Test(arguments: Kind.allCases) func aPrivateTypeIsRefusedBeforeAnythingIsSent(_ kind: Kind) async throws
    {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        _ = try await pool.apply(Echo(), to: 1)
        let sent = pool.statistics.bytesSent
        for error in [
          try await poolError { try await pool.map(Hidden(), over: 0..<3) },
          try await poolError { try await pool.apply(Hidden(), to: 3) },
          try await poolError { for try await _ in pool.imap(Hidden(), over: 0..<3) {} },
          try await poolError { try await pool.broadcast(Hidden(), to: 3) },
        ] {
          guard case .taskUnavailable(let message) = error else { throw error }
          #expect(
            message.contains("Hidden") && message.contains("private")
              && message.contains("declare it internal"))
        }
        #expect(pool.statistics.bytesSent - sent < 100, "at most the end of the call before")
      }
    }

    @Test func aLocalTypeIsRefused() async throws {
      struct Local: PoolTask {
        func run(_ input: Int) -> Int { input }
      }
      try await withPool(workers: 1, worker: .threads) { pool in
        let error = try await poolError { try await pool.map(Local(), over: 0..<3) }
        guard case .taskUnavailable = error else { throw error }
      }
    }

    @Test func aTaskThatTheWorkerDoesNotLinkIsAnErrorThatSaysSo() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let error = try await poolError { try await pool.map(Unlinked(), over: 0..<10) }
        guard case .taskUnavailable(let message) = error else { throw error }
        #expect(message.contains("Unlinked") && message.contains("link the module"))
        let results = await pool.mapResults(Unlinked(), over: 0..<10)
        #expect(results.count == 10)
        for case .success(let value) in results { Issue.record("\(value)") }
        let outputs = try await pool.map(Echo(), over: 0..<10)
        #expect(outputs == Array(0..<10))
      }
      let outputs = try await withPool(workers: 2, worker: .threads) {
        try await $0.map(Unlinked(), over: 0..<3)
      }
      #expect(outputs == [1, 2, 3])
    }
  }
}
