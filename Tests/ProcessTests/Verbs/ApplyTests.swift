import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// `apply`, `applyAsync` and `submit`, and the handles that they return.
  @Suite struct Applications {
    @Test(arguments: Kind.allCases) func applyRunsOneItem(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.apply(Echo(), to: 5) == 5)
        for value in 0..<500 { #expect(try await pool.apply(Echo(), to: value) == value) }
      }
    }

    @Test(arguments: Kind.allCases) func manyAppliesAtOnceAllEnd(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
          for value in 0..<1000 { group.addTask { try await pool.apply(Echo(), to: value) } }
          return try await group.reduce(0, +)
        }
        #expect(sum == 499_500)
      }
    }

    @Test(arguments: Kind.allCases) func aHandleSaysWhenItsResultIsThere(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let handle = pool.applyAsync(Wait(gate: scratch.file("gate", containing: "")), to: 14)
        #expect(!handle.isReady)
        #expect(await handle.wait(for: .milliseconds(50)) == false)
        scratch.remove("gate")
        #expect(await handle.wait(for: .seconds(20)))
        #expect(handle.isReady)
        let (one, other) = (try await handle.value, try await handle.value)
        #expect(one == 14 && other == 14)
        handle.cancel()
        let after = try await handle.value
        #expect(after == 14)
      }
    }

    @Test(arguments: Kind.allCases) func whatIsCancelledBeforeItStartsNeverDoes(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let task = Wait(gate: scratch.file("gate", containing: ""))
        let running = pool.applyAsync(task, to: 1)
        #expect(await eventually { scratch.lines("gate.started") == ["1"] })
        let waiting = (2..<10).map { pool.applyAsync(task, to: $0) }
        for handle in waiting {
          handle.cancel()
          guard case .failure(PoolError.cancelled(let item)) = await handle.result else {
            Issue.record("\(await handle.result)")
            continue
          }
          #expect(item.index == 0)
        }
        scratch.remove("gate")
        let value = try await running.value
        #expect(value == 1)
        let last = try await pool.apply(Echo(), to: 3)
        #expect(last == 3)
      }
      #expect(scratch.lines("gate.started") == ["1"])
    }

    @Test(arguments: Kind.allCases) func submitWaitsWhileThePoolIsFull(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let task = Wait(gate: scratch.file("gate", containing: ""))
        let submitting = Task {
          var handles: [TaskHandle<Int>] = []
          for value in 0..<100 {
            handles.append(try await pool.submit(task, to: value))
            Note(path: scratch.file("submitted")).run(value)
          }
          return handles
        }
        var count = -1
        while scratch.lines("submitted").count != count || count < 1 {
          count = scratch.lines("submitted").count
          try await Task.sleep(for: .milliseconds(100))
        }
        #expect((2..<100).contains(count))
        scratch.remove("gate")
        let handles = try await submitting.value
        for (value, handle) in handles.enumerated() {
          let output = try await handle.value
          #expect(output == value)
        }
      }
    }

    @Test func submitCanBeCancelledWhileItWaits() async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: .faulty) { pool in
        let task = Wait(gate: scratch.file("gate", containing: ""))
        let submitting = Task { while true { _ = try await pool.submit(task, to: 1) } }
        try await Task.sleep(for: .milliseconds(200))
        submitting.cancel()
        let clock = ContinuousClock.now
        let result = await submitting.result
        #expect(throws: CancellationError.self) { try result.get() }
        #expect(ContinuousClock.now - clock < .seconds(5))
        scratch.remove("gate")
      }
    }

    @Test(arguments: Kind.allCases) func theContextTellsItemsAndWorkersApart(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let first = try await pool.apply(FindContext(), to: 0)[0]
        let found = try await pool.map(FindContext(), over: 0..<50)
        for (index, places) in found.enumerated() {
          #expect(places[0] == places[1])
          #expect(places[0].item == index)
          #expect(places[0].call == first.call + 1)
          #expect((0..<2).contains(places[0].worker))
        }
        #expect(TaskContext.current == nil)
      }
    }
  }
}
