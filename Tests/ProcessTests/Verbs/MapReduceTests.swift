import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Verbs {
  /// `mapReduce`: every input once, in order, combined in the workers.
  @Suite struct Reductions {
    private static let listing = (0..<1000).map(String.init).joined(separator: " ")

    @Test(arguments: Kind.allCases) func outputsAreCombinedInTheOrderOfTheInputs(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { (pool) async throws in
        for parts in [1, 2, 7, 256, 1000, 5000] {
          let expected = "start " + Self.listing
          let ofRange = try await pool.mapReduce(
            Listing(), over: 0..<1000, startingWith: "start", parts: parts)
          #expect(ofRange == expected, "a range in \(parts) parts")
          let ofArray = try await pool.mapReduce(
            Listing(), over: Array(0..<1000), startingWith: "start", parts: parts)
          #expect(ofArray == expected, "an array in \(parts) parts")
          let ofSequence = try await pool.mapReduce(
            Listing(), over: sequence(first: 0) { $0 < 999 ? $0 + 1 : nil }, startingWith: "start",
            parts: parts)
          #expect(ofSequence == expected, "a sequence in \(parts) parts")
          let stream = AsyncStream { continuation in
            for number in 0..<1000 { continuation.yield(number) }
            continuation.finish()
          }
          let ofStream = try await pool.mapReduce(
            Listing(), over: stream, startingWith: "start", parts: parts)
          #expect(ofStream == expected, "an asynchronous sequence in \(parts) parts")
        }
      }
    }

    @Test func noInputsGiveTheInitialValue() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.mapReduce(Listing(), over: 3..<3, startingWith: "none") == "none")
        #expect(try await pool.mapReduce(Listing(), over: [], startingWith: "none") == "none")
        #expect(try await pool.mapReduce(Listing(), over: [5], startingWith: "one:") == "one: 5")
        #expect(try await pool.mapReduce(Listing(), over: 5...5, startingWith: "one:") == "one: 5")
      }
    }

    @Test func theSumIsTheSameToTheLastBitForAnyNumberOfWorkers() async throws {
      // A serial sum with the same brackets: parts of 100 000 inputs, 256 of them, added up in order.
      var expected = 0.0
      for part in 0..<256 {
        let inputs = (100_000 * part / 256 + 1)...(100_000 * (part + 1) / 256)
        expected += inputs.reduce(0) { $0 + 1 / Double($1) }
      }
      for workers in [1, 2, 5] {
        try await withPool(workers: workers, worker: .faulty) { (pool) async throws in
          for _ in 0..<2 {
            let sum = try await pool.mapReduce(Reciprocals<Int>(), over: 1...100_000, startingWith: 0)
            #expect(sum.bitPattern == expected.bitPattern)
            let ofArray = try await pool.mapReduce(
              Reciprocals<Int>(), over: Array(1...100_000), startingWith: 0)
            #expect(ofArray.bitPattern == expected.bitPattern)
            let awaited = try await pool.mapReduce(AwaitedReciprocals(), over: 1...100_000, startingWith: 0)
            #expect(awaited.bitPattern == expected.bitPattern)
          }
        }
      }
    }

    @Test func integersOfAllKindsTravelAsBounds() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let bytes = try await pool.mapReduce(Reciprocals<UInt8>(), over: 1...255, startingWith: 0)
        #expect(abs(bytes - (1...255).reduce(0) { $0 + 1 / Double($1) }) < 1e-12)
        let signed = try await pool.mapReduce(Reciprocals<Int8>(), over: -128 ... -1, startingWith: 0)
        #expect(abs(signed + (1...128).reduce(0) { $0 + 1 / Double($1) }) < 1e-12)
        // More of them than the type itself can count.
        let all = try await pool.mapReduce(IntegerCount<Int8>(), over: Int8.min...Int8.max, startingWith: 0)
        #expect(all == 256)
        #expect(try await pool.mapReduce(Largest<Int16>(), over: -5...30_000, startingWith: 0) == 30_000)
        let most = try await pool.mapReduce(
          IntegerCount<Int16>(), over: Int16.min..<Int16.max, startingWith: 0)
        #expect(most == 65_535)
        let top = UInt64.max - 2...UInt64.max
        #expect(try await pool.mapReduce(Reciprocals<UInt64>(), over: top, startingWith: 0) > 0)
        let before = pool.statistics.bytesSent
        _ = try await pool.mapReduce(Reciprocals<Int>(), over: 1...10_000_000, startingWith: 0)
        #expect(pool.statistics.bytesSent - before < 64 << 10)
        let error = try await poolError {
          try await pool.mapReduce(Reciprocals<Int>(), over: Int.min...Int.max, startingWith: 0)
        }
        #expect("\(error)".contains("divide it"))
      }
    }

    @Test func asManyResultsComeBackAsThereAreParts() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for parts in [1, 2, 3, 256] {
          let count = try await pool.mapReduce(
            PartCount(), over: 0..<10_000, startingWith: .init(), parts: parts)
          #expect(count.parts == parts && count.inputs == 10_000)
        }
      }
    }

    @Test(arguments: Kind.allCases) func anInputKnowsItsPlace(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.mapReduce(ItemNumbers(), over: 0..<5000, startingWith: 0) == 0)
        #expect(try await pool.mapReduce(ItemNumbers(), over: Array(0..<5000), startingWith: 0) == 0)
        // And an item of a call that has no parts is not taken for one.
        #expect(try await pool.map(ItemNumbers(), over: 0..<500) == Array(repeating: 0, count: 500))
      }
    }

    @Test(arguments: Kind.allCases) func anErrorNamesItsInputAndNotItsPart(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        for parts in [1, 10, 1000] {
          let task = Listing([777: .error, 900: .error])
          for ofRange in [true, false] {
            let error = try await poolError {
              ofRange
                ? try await pool.mapReduce(task, over: 0..<1000, startingWith: "", parts: parts)
                : try await pool.mapReduce(task, over: Array(0..<1000), startingWith: "", parts: parts)
            }
            guard case .taskFailed(let failure) = error else {
              Issue.record("\(error)")
              continue
            }
            #expect(failure.item.index == 777)
            #expect(failure.underlying as? Misfit == Misfit(value: 777))
          }
        }
        #expect(try await pool.mapReduce(Listing(), over: 0..<3, startingWith: ">") == "> 0 1 2")
      }
    }

    @Test(arguments: [Death.signal(SIGKILL), .trap, .exit(3)])
    func aDeathNamesItsInputAndNotItsPart(_ death: Death) async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for parts in [1, 10] {
          let error = try await poolError {
            try await pool.mapReduce(
              Listing([777: .death(death)]), over: 0..<1000, startingWith: "", parts: parts)
          }
          guard case .workerLost(let autopsy) = error else {
            Issue.record("\(error)")
            continue
          }
          #expect(autopsy.item.index == 777)
        }
        #expect(try await pool.mapReduce(Listing(), over: 0..<3, startingWith: ">") == "> 0 1 2")
      }
    }

    @Test func theTimeLimitIsAnItemsAndNotAParts() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let sum = try await pool.mapReduce(
          SleepingSum(milliseconds: 20), over: 0..<50, startingWith: 0, parts: 1, timeout: .milliseconds(500))
        #expect(sum == 1225)
        let error = try await poolError {
          try await pool.mapReduce(
            Listing([3: .spin]), over: 0..<10, startingWith: "", parts: 1, timeout: .milliseconds(300))
        }
        guard case .timedOut(let autopsy, _) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(autopsy.item.index == 3)
      }
    }

    @Test func aCancelledReductionEndsAtOnce() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let running = Task {
          try await pool.mapReduce(SleepingSum(milliseconds: 1), over: 0..<1_000_000, startingWith: 0)
        }
        try await Task.sleep(for: .milliseconds(100))
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        pool.terminate()
      }
    }

    @Test func anErrorOfTheInputsIsPassedOn() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let stream = AsyncThrowingStream<Int, any Error> { continuation in
          for number in 0..<600 { continuation.yield(number) }
          continuation.finish(throwing: Misfit(value: -1))
        }
        await #expect(throws: Misfit(value: -1)) {
          try await pool.mapReduce(Listing(), over: stream, startingWith: "")
        }
      }
    }
  }
}
