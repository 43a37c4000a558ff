import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// Cancelling the Swift task cancels what has not started, at once, and leaves the pool usable.
  @Suite struct Cancellations {
    /// Cancels the body while its first items are held, and expects that no other starts.
    private func cancel(
      _ kind: Kind, _ body: @escaping @Sendable (Pool, Wait) async throws -> Void
    ) async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let task = Wait(gate: scratch.file("gate", containing: ""))
        let running = Task { try await body(pool, task) }
        #expect(await eventually { scratch.lines("gate.started").count == 2 })
        let clock = ContinuousClock.now
        running.cancel()
        let result = await running.result
        #expect(throws: CancellationError.self) { try result.get() }
        #expect(ContinuousClock.now - clock < .seconds(5))
        scratch.remove("gate")
        let outputs = try await pool.map(Echo(), over: 0..<100)
        #expect(outputs == Array(0..<100))
      }
      #expect(scratch.lines("gate.started").count == 2)
    }

    @Test func aPoolEndsThoughACancelledItemWouldGoOnForEver() async throws {
      let clock = ContinuousClock.now
      try await withPool(workers: 2, worker: .faulty) { pool in
        let endless = Task { try await pool.apply(Sleep(), to: 100_000) }
        try await Task.sleep(for: .milliseconds(100))
        endless.cancel()
        await #expect(throws: CancellationError.self) { try await endless.value }
        // The other worker serves on.
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
      }
      #expect(ContinuousClock.now - clock < .seconds(20))
    }

    @Test func whatHadEndedIsKept() async throws {
      let scratch = Scratch()
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          cancellation: CancellationGrace(
            beforeTermination: .milliseconds(50), beforeKill: .milliseconds(50)))
      ) { (pool) async throws in
        let task = NoteAndPause(path: scratch.file("notes"), item: 5, milliseconds: 100_000)
        let running = Task { await pool.mapResults(task, over: 0..<20, chunkSize: 1) }
        #expect(await eventually { scratch.lines("notes").count == 6 })
        // And the pool has what had ended before.
        #expect(await eventually { pool.statistics.itemsFinished == 5 })
        running.cancel()
        let results = await running.value
        #expect(results.count == 20)
        for (item, result) in results.enumerated() {
          switch result {
          case .success(let output): #expect(item < 5 && output == item)
          case .failure(.cancelled(let name)): #expect(item >= 5 && name.index == item)
          case .failure(let error): Issue.record("item \(item): \(error)")
          }
        }
        // And what has ended cannot be cancelled.
        let handle = pool.applyAsync(Echo(), to: 3)
        #expect(try await handle.value == 3)
        handle.cancel()
        #expect(try await handle.value == 3)
      }
    }

    @Test(arguments: Kind.allCases) func aCancelledMapStartsNoMore(_ kind: Kind) async throws {
      try await cancel(kind) { pool, task in _ = try await pool.map(task, over: 0..<1000, chunkSize: 1) }
    }

    @Test(arguments: Kind.allCases) func aCancelledMapTakesBackTheRestOfItsChunks(_ kind: Kind) async throws {
      try await cancel(kind) { pool, task in _ = try await pool.map(task, over: 0..<1000, chunkSize: 100) }
    }

    @Test(arguments: Kind.allCases) func aCancelledStreamStartsNoMore(_ kind: Kind) async throws {
      try await cancel(kind) { pool, task in
        for try await _ in pool.imap(task, over: 0..., chunkSize: 5) {}
      }
    }

    @Test(arguments: Kind.allCases) func aCancelledForEachStartsNoMore(_ kind: Kind) async throws {
      try await cancel(kind) { pool, task in try await pool.forEach(task, over: 0..., chunkSize: 5) }
    }

    @Test(arguments: Kind.allCases) func cancelledAppliesStartNoMore(_ kind: Kind) async throws {
      try await cancel(kind) { pool, task in
        try await withThrowingTaskGroup(of: Int.self) { group in
          for value in 0..<50 { group.addTask { try await pool.apply(task, to: value) } }
          for try await _ in group {}
        }
      }
    }

    @Test(arguments: Kind.allCases) func aCancelledMapResultsSaysWhatWasCancelled(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let task = Wait(gate: scratch.file("gate", containing: ""))
        let running = Task { await pool.mapResults(task, over: 0..<500, chunkSize: 1) }
        #expect(await eventually { scratch.lines("gate.started").count == 2 })
        running.cancel()
        let results = await running.value
        #expect(results.count == 500)
        for (index, result) in results.enumerated() {
          guard case .failure(.cancelled(let item)) = result else {
            Issue.record("\(result)")
            continue
          }
          #expect(item.index == index)
        }
        scratch.remove("gate")
      }
    }

    @Test(arguments: Kind.allCases) func aTaskThatIsCancelledAlreadyRunsNothing(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let running = Task {
          try? await Task.sleep(for: .seconds(100))
          try await pool.forEach(Note(path: scratch.file("notes")), over: 0..<10)
        }
        running.cancel()
        let result = await running.result
        #expect(throws: CancellationError.self) { try result.get() }
      }
      #expect(scratch.lines("notes").isEmpty)
    }
  }

  /// Calls at once share the workers.
  @Suite struct Sharing {
    @Test(arguments: Kind.allCases) func aShortCallEndsWhileALongOneRuns(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let long = pool.mapAsync(Delay(milliseconds: 2), over: 0..<5000)
        try await Task.sleep(for: .milliseconds(100))
        for _ in 0..<3 {
          let outputs = try await pool.map(Echo(), over: 0..<20)
          #expect(outputs == Array(0..<20))
        }
        #expect(!long.isReady, "5000 items of 2 ms take two workers 5 s")
        long.cancel()
      }
    }

    @Test(arguments: Kind.allCases) func manyCallsAtOnceAllGetTheirOwnResults(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for call in 0..<40 {
            group.addTask {
              let inputs = call * 1000..<call * 1000 + 300
              if call % 2 == 0 { return try await pool.map(Echo(), over: inputs) == Array(inputs) }
              var outputs: [Int] = []
              for try await output in pool.imap(Echo(), over: inputs, chunkSize: 7) { outputs.append(output) }
              return outputs == Array(inputs)
            }
          }
          for try await isRight in group { #expect(isRight) }
        }
      }
    }
  }
}
