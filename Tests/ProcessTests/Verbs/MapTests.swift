import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// `map`, `mapResults`, `forEach`, `mapAsync` and `broadcast` give what they say, in the order they say.
  @Suite struct Maps {
    @Test(arguments: Kind.allCases) func mapKeepsTheOrderOfUnevenTasks(_ kind: Kind) async throws {
      let seed = Seed()
      var numbers = seed.numbers
      let inputs = (0..<60).map { _ in Int.random(in: 0...8, using: &numbers) }
      try await withPool(workers: 4, worker: kind.worker) { pool in
        for size in [1, 7, nil] {
          let outputs = try await pool.map(Sleep(), over: inputs, chunkSize: size)
          #expect(outputs == inputs, "\(seed)")
        }
      }
    }

    @Test(arguments: Kind.allCases) func anyNumberOfInputsWillDo(_ kind: Kind) async throws {
      try await withPool(workers: 4, worker: kind.worker) { (pool) async throws in
        for count in [0, 1, 2, 3, 5, 100, 10_000] {
          #expect(try await pool.map(Echo(), over: 0..<count) == Array(0..<count))
          #expect(
            try await pool.map(EchoText(), over: (0..<count).map { "\($0)" }) == (0..<count).map { "\($0)" })
        }
      }
    }

    @Test(arguments: Kind.allCases) func mapTakesArraysRangesLazySequencesAndStreams(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let expected = (0..<500).map { $0 * 2 }
        #expect(try await pool.map(Echo(), over: expected) == expected)
        #expect(try await pool.map(Echo(), over: (0..<500).lazy.map { $0 * 2 }) == expected)
        #expect(try await pool.map(Echo(), over: stride(from: 0, to: 1000, by: 2)) == expected)
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        for value in expected { continuation.yield(value) }
        continuation.finish()
        #expect(try await pool.map(Echo(), over: stream) == expected)
      }
    }

    @Test(arguments: Kind.allCases) func outputsThatAreNothingTravelToo(_ kind: Kind) async throws {
      let scratch = Scratch()
      let note = Note(path: scratch.file("notes"))
      try await withPool(workers: 2, worker: kind.worker) { pool in
        try await pool.forEach(note, over: 0..<20)
        try await pool.apply(note, to: 20)
        try await pool.applyAsync(note, to: 21).value
        try await pool.submit(note, to: 22).value
        try await pool.forEach(note, over: 23..<30)
        var count = 0
        try await pool.forEachAsync(note, over: 30..<40).value
        for try await item in pool.imapItems(note, over: 40..<50) { try item.result.get(); count += 1 }
        for try await result in pool.imapResults(note, over: 50..<60) { try result.get(); count += 1 }
        #expect(count == 20)
        let results = await pool.mapResults(note, over: 60..<70)
        for result in results { try result.get() }
        try await pool.broadcast(note, to: 70)
      }
      #expect(scratch.lines("notes").compactMap { Int($0) }.sorted() == Array(0...70) + [70])
    }

    /// With one worker, since what one has not begun may be divided when another has nothing to do.
    @Test(arguments: [1, 4, 10]) func aGivenChunkSizeIsExact(_ size: Int) async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let before = pool.statistics.chunksSent
        _ = try await pool.map(Echo(), over: 0..<62, chunkSize: size)
        #expect(pool.statistics.chunksSent - before == UInt64((61 + size) / size))
      }
    }

    @Test func chunksOfLargeInputsHaveTheGivenSizeToo() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let input = [UInt8](repeating: 0, count: 1 << 20)
        let before = pool.statistics.chunksSent
        var count = 0
        for try await _ in pool.imap(FindProcess(), over: repeatElement(input, count: 62), chunkSize: 8) {
          count += 1
        }
        #expect(count == 62)
        #expect(pool.statistics.chunksSent - before == 8)
      }
    }

    @Test(arguments: Kind.allCases) func everyItemRunsOnce(_ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(workers: 3, worker: kind.worker) { pool in
        try await pool.forEach(Note(path: scratch.file("notes")), over: 0..<3000)
      }
      #expect(scratch.lines("notes").compactMap { Int($0) }.sorted() == Array(0..<3000))
    }

    @Test(arguments: Kind.allCases) func mapResultsGivesWhatBecameOfEachItem(_ kind: Kind) async throws {
      let bad: Set = [0, 13, 14, 99]
      try await withPool(workers: 2, worker: kind.worker) { pool in
        for size in [1, 5, nil] {
          let results = await pool.mapResults(ThrowAt(bad), over: 0..<100, chunkSize: size)
          #expect(results.count == 100)
          for (index, result) in results.enumerated() {
            switch result {
            case .success(let value): #expect(value == index && !bad.contains(index))
            case .failure(let error): #expect(error.item?.index == index && bad.contains(index))
            }
          }
        }
      }
    }

    @Test(arguments: Kind.allCases) func broadcastRunsOnceOnEveryWorker(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        // One worker is busy: its turn comes later, and nobody takes it.
        let busy = pool.applyAsync(Sleep(), to: 200)
        let tallies = try await pool.broadcast(Count(), to: 5)
        #expect(tallies.map(\.worker) == [0, 1, 2])
        #expect(tallies.allSatisfy { $0.items == 1 && $0.item == 5 })
        #expect(Set(tallies.map(\.pid)).count == (kind == .processes ? 3 : 1))
        _ = try await busy.value
      }
    }

    @Test(arguments: Kind.allCases) func mapAsyncGoesOnMeanwhileAndCanBeCancelled(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let handle = pool.mapAsync(Delay(milliseconds: 5), over: 0..<20)
        #expect(!handle.isReady)
        let outputs = try await handle.value
        #expect(outputs == Array(0..<20))
        #expect(handle.isReady)

        let scratch = Scratch()
        let other = pool.mapAsync(
          Wait(gate: scratch.file("gate", containing: "")), over: 0..<100, chunkSize: 1)
        #expect(await eventually { scratch.lines("gate.started").count >= 2 })
        other.cancel()
        let result = await other.result
        #expect(throws: (any Error).self) { try result.get() }
        scratch.remove("gate")
        let more = try await pool.map(Echo(), over: 0..<10)
        #expect(more == Array(0..<10))
        #expect(scratch.lines("gate.started").count < 10)
      }
    }

    @Test(arguments: Kind.allCases) func forEachAsyncGoesOnMeanwhileAndCanBeCancelled(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let scratch = Scratch()
        let handle = pool.forEachAsync(Note(path: scratch.file("notes")), over: 0..<200)
        try await handle.value
        #expect(handle.isReady)
        #expect(scratch.lines("notes").compactMap { Int($0) }.sorted() == Array(0..<200))

        let gate = scratch.file("gate", containing: "")
        let other = pool.forEachAsync(Wait(gate: gate), over: 0..<100, chunkSize: 1)
        #expect(await eventually { scratch.lines("gate.started").count >= 2 })
        #expect(!other.isReady)
        other.cancel()
        await #expect(throws: CancellationError.self) { try await other.value }
        scratch.remove("gate")
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
        #expect(scratch.lines("gate.started").count < 10)

        let failing = pool.forEachAsync(ThrowAt([7]), over: 0..<100)
        let error = try await poolError { try await failing.value }
        #expect(error.item?.index == 7)
      }
    }

    @Test(arguments: Kind.allCases) func genericTasksAndTasksOfSeveralArgumentsRun(_ kind: Kind) async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.map(Label(label: "a"), over: ["b", "c"]) == [["a", "b"], ["a", "c"]])
        #expect(try await pool.map(Label(label: [1.5]), over: [[2]]) == [[[1.5], [2]]])
        let inputs = zip([2.0, 3, 4], [1, 2, 3]).lazy.map { Arguments($0, $1) }
        #expect(try await pool.map(Power(), over: inputs) == [2, 9, 64])
      }
    }

    @Test(arguments: Kind.allCases) func payloadsOfAllSizesArrive(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.map(EchoEmpty(), over: [Empty(), Empty(), Empty()]).count == 3)
        for count in [0, 1, 127, 128, 4095, 4096, 65_535, 65_536, 1 << 20] {
          let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
          #expect(try await pool.apply(EchoBytes(), to: payload) == payload)
          #expect(
            try await pool.map(EchoBytes(), over: [payload, payload, payload]) == [payload, payload, payload])
        }
      }
    }

    @Test func aPayloadOfAHundredMegabytesArrives() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        var payload = [UInt8](repeating: 3, count: 100 << 20)
        for index in stride(from: 0, to: payload.count, by: 4099) {
          payload[index] = UInt8(truncatingIfNeeded: index)
        }
        let one = try await pool.apply(EchoBytes(), to: payload)
        #expect(one == payload)
        let inflated = try await pool.apply(Inflate(), to: 100 << 20)
        #expect(inflated.count == 100 << 20)
      }
    }

    @Test func aPayloadBeyondTheLimitFailsItsItemOnly() async throws {
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(payloads: PayloadPolicy(maximum: .bytes(1 << 16)))
      ) { (pool) async throws in
        let results = await pool.mapResults(Inflate(), over: [1, 1 << 20, 3])
        #expect(try results[0].get().count == 1)
        #expect(try results[2].get().count == 3)
        guard case .failure(.notCodable(let failure)) = results[1] else {
          Issue.record("\(results[1])")
          return
        }
        #expect(failure.item.index == 1 && failure.value == .output && failure.isEncoding)
        let inputs = [[1], [UInt8](repeating: 1, count: 1 << 20), [3]]
        let echoed = await pool.mapResults(EchoBytes(), over: inputs)
        #expect(try echoed[0].get() == [1] && echoed[2].get() == [3])
        guard case .failure(.notCodable(let other)) = echoed[1] else {
          Issue.record("\(echoed[1])")
          return
        }
        #expect(other.item.index == 1 && other.value == .input && other.isEncoding)
        // Chunks of items that are short by themselves come in several frames, there and back.
        let numbers = Array(0..<100_000)
        #expect(try await pool.map(Echo(), over: numbers, chunkSize: 50_000) == numbers)
        let texts = numbers.map(String.init)
        #expect(try await pool.map(EchoText(), over: texts, chunkSize: 50_000) == texts)
      }
    }
  }
}
