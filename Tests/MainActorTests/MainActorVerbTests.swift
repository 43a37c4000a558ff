import FaultyTasks
import ProcPool
import Testing

/// Every verb works where the main actor is the default, and comes back to it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MainActorVerbs {
  private func leavingNothing(_ body: () async throws -> Void) async throws {
    // The first launch makes Foundation open what it keeps, and the first sleep Dispatch.
    try await withPool(workers: 1, worker: .faulty) { _ = try await $0.apply(Echo(), to: 1) }
    try await Task.sleep(for: .milliseconds(20))
    let before = Leftovers.now()
    try await body()
    let left = await Leftovers.since(before, patience: .seconds(20))
    #expect(left.isEmpty, "left behind:\n\(left)")
  }

  @Test(arguments: [WorkerSource.faulty, .threads]) func everyVerbWorksFromTheMainActor(_ kind: WorkerSource)
    async throws
  {
    try await leavingNothing {
      try await withPool(workers: 2, worker: kind) { pool in
        MainActor.assertIsolated()
        let expected = Array(0..<100)
        let mapped = try await pool.map(Echo(), over: 0..<100)
        MainActor.assertIsolated()
        #expect(mapped == expected)
        let results = await pool.mapResults(Echo(), over: 0..<100)
        #expect(results.compactMap { try? $0.get() } == expected)
        try await pool.forEach(Echo(), over: 0..<100)
        var streamed: [Int] = []
        for try await output in pool.imap(Echo(), over: 0..<100) { streamed.append(output) }
        #expect(streamed == expected)
        streamed = []
        for try await output in pool.imapUnordered(Echo(), over: 0..<100) { streamed.append(output) }
        #expect(streamed.sorted() == expected)
        streamed = []
        for try await result in pool.imapResults(Echo(), over: 0..<100) { streamed.append(try result.get()) }
        #expect(streamed == expected)
        streamed = []
        // Neither the closure nor the stream leaves the main actor, and an endless sequence stays lazy.
        for try await output in pool.imap(Echo(), over: (0...).lazy.map { $0 + expected[0] }) {
          streamed.append(output)
          if output == 99 { break }
        }
        #expect(streamed == expected)
        streamed = []
        for try await item in pool.imapItems(Echo(), over: pool.imap(Echo(), over: 0..<100)) {
          #expect(item.index == item.input)
          streamed.append(try item.result.get())
        }
        #expect(streamed == expected)
        try await pool.forEachAsync(Echo(), over: 0..<100).value
        MainActor.assertIsolated()
        let applied = try await pool.apply(Echo(), to: 1)
        let handle = pool.applyAsync(Echo(), to: 2)
        let submitted = try await pool.submit(Echo(), to: 3)
        let whole = pool.mapAsync(Echo(), over: 0..<100)
        let others = (try await handle.value, try await submitted.value, try await whole.value)
        #expect((applied, others.0, others.1) == (1, 2, 3))
        #expect(others.2 == expected)
        #expect(await handle.wait(for: .seconds(1)))
        let everywhere = try await pool.broadcast(Echo(), to: 5)
        #expect(everywhere == [5, 5])
        MainActor.assertIsolated()
      }
    }
  }

  @Test func everyVerbWorksFromAnActor() async throws {
    try await leavingNothing { try await Consumer().useEveryVerb() }
  }

  @Test func aPoolMayBeMadeKeptAndEndedOnTheMainActor() async throws {
    try await leavingNothing {
      let model = Model()
      try await model.load()
      #expect(model.values == [2, 4, 6])
      await model.end()
    }
  }

  @Test func tasksOfThisModuleRun() async throws {
    try await leavingNothing {
      memory = []
      try await withPool(workers: 2, worker: .threads) { pool in
        let doubled = try await pool.map(Double(), over: 1...3)
        #expect(doubled == [2, 4, 6])
        let tripled = try await pool.map(Preparing(), over: 1...3)
        #expect(tripled == [3, 6, 9])
        let mirrored = try await pool.map(Mirror(axis: 5), over: [Point(x: 1, y: 2)])
        #expect(mirrored == [Point(x: 9, y: 2)])
        try await pool.forEach(Ignore(), over: 1...3)
        let counts = try await pool.map(Remember(), over: 0..<50)
        #expect(counts.sorted() == Array(1...50))
      }
      #expect(memory.sorted() == Array(0..<50))
    }
  }
}

extension WorkerSource {
  nonisolated static let faulty = WorkerSource.executable(named: "FaultyWorker")
}

/// What an application would have: a pool as a property of something on the main actor.
final class Model {
  private var pool: Pool?
  private(set) var values: [Int] = []

  func load() async throws {
    let pool = try Pool(workers: 2, worker: .threads)
    self.pool = pool
    for try await value in pool.imap(Double(), over: [1, 2, 3]) { values.append(value) }
  }

  func end() async {
    pool?.close()
    await pool?.join()
    pool = nil
  }
}

actor Consumer {
  private var outputs: [Int] = []

  func useEveryVerb() async throws {
    try await withPool(workers: 2, worker: .faulty) { pool in
      self.assertIsolated()
      let expected = Array(0..<100)
      outputs = try await pool.map(Echo(), over: 0..<100)
      #expect(outputs == expected)
      outputs = await pool.mapResults(Echo(), over: 0..<100).compactMap { try? $0.get() }
      #expect(outputs == expected)
      try await pool.forEach(Echo(), over: 0..<100)
      outputs = []
      for try await output in pool.imap(Echo(), over: 0..<100) { outputs.append(output) }
      self.assertIsolated()
      for try await output in pool.imapUnordered(Echo(), over: 0..<100) { outputs.append(output) }
      for try await result in pool.imapResults(Echo(), over: 0..<100) { outputs.append(try result.get()) }
      #expect(outputs.count == 300)
      outputs = [try await pool.apply(Echo(), to: 1)]
      outputs.append(try await pool.applyAsync(Echo(), to: 2).value)
      outputs.append(try await pool.submit(Echo(), to: 3).value)
      #expect(outputs == [1, 2, 3])
      outputs = try await pool.mapAsync(Echo(), over: 0..<100).value
      #expect(outputs == expected)
      outputs = try await pool.broadcast(Echo(), to: 5)
      #expect(outputs == [5, 5])
      self.assertIsolated()
    }
  }
}
