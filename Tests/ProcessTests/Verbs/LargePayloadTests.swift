import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// Chunks and outputs too long for a pipe lie in memory that workers see.
  @Suite struct LargePayloads {
    private static let memory = "procpool-inputs"

    private static func bytes(_ count: Int, _ value: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: value), count: count)
      // So that a part of it in another's place is found out.
      for place in stride(from: 0, to: count, by: 4093) {
        bytes[place] = UInt8(truncatingIfNeeded: place >> 12)
      }
      return bytes
    }

    @Test(arguments: [true, false], [nil, 1, 3])
    func inputsOfAllLengthsArrive(_ shares: Bool, _ chunkSize: Int?) async throws {
      let lengths = [0, 1, 65_535, 65_536, 65_537, 300_000, 10, 4_200_000, 70_000]
      let inputs = (0..<3).flatMap { round in lengths.enumerated().map { Self.bytes($1, $0 + 10 * round) } }
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(payloads: PayloadPolicy(sharing: shares ? .automatic : .never))
      ) { (pool) async throws in
        #expect(try await pool.map(EchoBytes(), over: inputs, chunkSize: chunkSize) == inputs)
        var next = 0
        for try await output in pool.imap(EchoBytes(), over: inputs, chunkSize: chunkSize) {
          #expect(output == inputs[next])
          next += 1
        }
        #expect(next == inputs.count)
      }
    }

    /// Every worker is at work with an input of its own, however long inputs are.
    @Test func longInputsAreOnTheirWayToAllWorkersAtOnce() async throws {
      let scratch = Scratch()
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        let task = MeetWithBytes(directory: scratch.path, count: 3)
        let inputs = (0..<3).map { [UInt8](repeating: UInt8($0), count: 8 << 20) }
        #expect(try await pool.map(task, over: inputs) == [8 << 20, 8 << 20, 8 << 20])
      }
    }

    /// The workers are faster than the inputs are made, so that there is always room for more.
    @Test func aStreamOfLongInputsGivesOutputsWhileItGoesOn() async throws {
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        let made = Count()
        let endless = sequence(first: 0) { $0 + 1 }.lazy.map { number in
          made.add()
          usleep(2000)
          return [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 3 << 20)
        }
        var seen = 0
        for try await count in pool.imap(CountBytes(), over: endless) {
          #expect(count == 3 << 20)
          seen += 1
          if seen == 20 { break }
        }
        #expect(made.value <= 60, "\(made.value) inputs were made for 20 outputs")
        let before = made.value
        // The first of them is deadly, and the others are long, too.
        await #expect(throws: PoolError.self) {
          try await pool.map(SumBytes(deadly: [0]), over: endless.prefix(1000))
        }
        #expect(made.value - before <= 60)
      }
    }

    /// It loses that ability while it works: what cannot be reached comes once more, by pipe, as what follows does.
    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func aWorkerThatCanNoLongerReachTheMemoryGetsTheRestThroughItsPipe() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let inputs = (0..<3).map { [UInt8](repeating: UInt8($0), count: 300_000) }
        _ = try await pool.apply(BecomeNobody(), to: 0)
        let results = await pool.mapResults(CountBytes(), over: inputs, chunkSize: 1)
        #expect(results.map { try? $0.get() } == [300_000, 300_000, 300_000], "\(results)")
        #expect(try await pool.map(CountBytes(), over: inputs) == [300_000, 300_000, 300_000])
      }
    }

    @Test func aWorkerKilledWithALargeInputCostsOnlyThat() async throws {
      let inputs = (0..<24).map { [UInt8](repeating: UInt8($0), count: 200_000 + 100_000 * ($0 % 3)) }
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let results = await pool.mapResults(SumBytes(deadly: [5, 17]), over: inputs)
        for (number, result) in results.enumerated() {
          if number == 5 || number == 17 {
            #expect(result.failure?.loss?.end == .signalled(SIGKILL))
          } else {
            #expect(try result.get() == number * inputs[number].count)
          }
        }
      }
    }

    /// Two calls share the memory, and one of them is left while its chunks are in it.
    @Test func whatIsTakenBackDoesNotSpoilWhatStays() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for round in 0..<10 {
          let stays = (0..<20).map { [UInt8](repeating: UInt8($0 + round), count: 150_000) }
          async let sums = pool.map(SumBytes(), over: stays, chunkSize: 2)
          var seen = 0
          for try await _ in pool.imap(SumBytes(), over: repeatElement(stays[3], count: 500), chunkSize: 3) {
            seen += 1
            if seen == 5 { break }
          }
          #expect(try await sums == stays.map { Int($0[0]) * 150_000 })
        }
      }
    }

    @Test func theMemoryGoesWhenNobodyHasWantedItForAWhile() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let inputs = (0..<10).map { [UInt8](repeating: UInt8($0), count: 500_000) }
        _ = try await pool.map(EchoBytes(), over: inputs, chunkSize: 1)
        let memories = [Self.memory, "procpool-outputs"]
        #expect(memories.allSatisfy { Inspection.sharedMappings(named: $0) > 0 })
        for memory in memories {
          #expect(await eventually { Inspection.sharedMappings(named: memory) == 0 })
          let inWorkers = try await pool.broadcast(CountMappings(named: memory), to: 0)
          #expect(inWorkers == [0, 0])
        }
        #expect(try await pool.map(SumBytes(), over: inputs) == (0..<10).map { $0 * 500_000 })
      }
    }

    /// The first output says how long the others may be.
    @Test func longOutputsCrossNoPipeOnceTheirLengthIsKnown() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let payload = Self.bytes(1 << 20, 1)
        for trip in 0..<8 {
          let before = pool.statistics.bytesReceived
          #expect(try await pool.apply(EchoBytes(), to: payload) == payload)
          let received = pool.statistics.bytesReceived - before
          #expect(trip == 0 ? received > 1 << 20 : received < 200, "trip \(trip): \(received) bytes")
        }
        // One that is longer than all before has no room, and one that is shorter has.
        let longer = Self.bytes(3 << 20, 2)
        #expect(try await pool.apply(EchoBytes(), to: longer) == longer)
        #expect(try await pool.apply(EchoBytes(), to: [7, 8, 9]) == [7, 8, 9])
        // Nor do those of several items that grow, as long as there are no more of them than rooms: what a caller makes
        // faster than workers take it has none.
        for pair in 0..<20 {
          let before = pool.statistics.bytesReceived
          let inputs = (0..<2).map { Self.bytes(400_000 + 1000 * (2 * pair + $0), pair) }
          #expect(try await pool.map(EchoBytes(), over: inputs, chunkSize: 1) == inputs)
          let received = pool.statistics.bytesReceived - before
          #expect(received < 400, "pair \(pair): \(received) bytes")
        }
      }
    }

    /// There are fewer rooms than chunks before the workers, and chunks follow each other at once.
    @Test func aChunkWithoutARoomDoesNotUseThatOfAnother() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for chunkSize in [1, 2] {
          let lengths = (0..<600).map { 70_000 + 40_000 * ($0 % 3) }
          var next = 0
          for try await output in pool.imap(MakeBytes(), over: lengths, chunkSize: chunkSize) {
            #expect(output == MakeBytes().run(lengths[next]))
            next += 1
          }
          #expect(next == lengths.count)
        }
      }
    }

    /// In whatever state its room is; then the next one gets it.
    @Test func workersKilledWithLongOutputsLoseNoneAndSpoilNone() async throws {
      let inputs = (0..<400).map { Self.bytes(100_000 + 3000 * ($0 % 50), $0) }
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let seed = Seed()
        let kills = Count()
        let events = pool.events
        let killer = Task {
          var numbers = seed.numbers
          for await event in events.prefix(while: { _ in kills.value < 30 }) {
            // Whoever has greeted: a program whose workers never do is not run again.
            guard case .workerStarted(_, let pid) = event.kind else { continue }
            try? await Task.sleep(for: .microseconds(Int.random(in: 0..<10_000, using: &numbers)))
            if Task.isCancelled { break }
            kill(pid, SIGKILL)
            kills.add()
          }
        }
        defer { killer.cancel() }
        var next = 0
        let outputs = pool.imap(
          EchoBytes(), over: inputs, chunkSize: 1, retry: .atLeastOnce(maximumAttempts: 40))
        for try await output in outputs {
          #expect(output == inputs[next], "\(seed)")
          next += 1
        }
        #expect(next == inputs.count, "\(seed)")
        #expect(kills.value > 0)
      }
    }

    /// Its room is given to others only when it has left it.
    @Test func aCancelledItemDoesNotWriteIntoTheOutputsOfOthers() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let payload = Self.bytes(2 << 20, 5)
        _ = try await pool.apply(EchoBytes(), to: payload)
        for round in 0..<40 {
          let left = pool.applyAsync(EchoBytes(), to: Self.bytes(2 << 20, 200))
          if round % 2 == 0 { usleep(UInt32(round) * 50) }
          left.cancel()
          let inputs = (0..<4).map { Self.bytes(2 << 20, round + $0) }
          #expect(try await pool.map(EchoBytes(), over: inputs, chunkSize: 1) == inputs)
        }
      }
    }

    /// Calls of all sizes take turns in a few files.
    @Test func manyCallsTakeFewFiles() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for round in 1...60 {
          let inputs = (0..<4).map { [UInt8](repeating: UInt8($0), count: round * 100_000) }
          #expect(
            try await pool.map(CountBytes(), over: inputs) == Array(repeating: round * 100_000, count: 4))
          #expect(Inspection.sharedMappings(named: Self.memory) <= 6)
        }
      }
    }

    @Test func aWorkerCannotWriteWhereInputsLie() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let inputs = (0..<3).map { [UInt8](repeating: UInt8($0), count: 500_000) }
        _ = try await pool.map(EchoBytes(), over: inputs, chunkSize: 1)
        #expect(try await pool.map(WritableInputMemory(), over: inputs).allSatisfy { $0 == [] })
      }
    }
  }
}

/// How often something has happened.
private final class Count: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}
