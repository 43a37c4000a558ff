import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Sharing {
  /// Arrays travel as handles, and every process has the same memory.
  @Suite struct SharedArrays {
    @Test(arguments: Kind.allCases) func workersWriteInPlaceWhatTheCoordinatorReads(_ kind: Kind) async throws
    {
      let array = try SharedArray(repeating: 1, count: 100_000)
      try await withPool(workers: 3, worker: kind.worker) { pool in
        let parts = (0..<100).map { $0 * 1000..<($0 + 1) * 1000 }
        try await pool.forEach(AddInPlace(array), over: parts)
      }
      #expect(Array(array) == (0..<100_000).map { $0 + 1 })
    }

    @Test(arguments: Kind.allCases, [0, 1, 100, 5_000, 300_000]) func anArrayIsAnInput(
      _ kind: Kind, _ count: Int
    ) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let array = try SharedArray(0..<count)
        #expect(try await pool.apply(SumShared(), to: array) == count * (count - 1) / 2)
        let sums = try await pool.map(SumShared(), over: (0..<20).map { _ in array }, chunkSize: 3)
        #expect(sums == Array(repeating: count * (count - 1) / 2, count: 20))
      }
    }

    @Test(arguments: Kind.allCases) func arraysInsideOtherValuesComeBackAsThemselves(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let small = try SharedArray([1.0, 2.0, 3.0])
        let large = try SharedArray(repeating: 0.5, count: 100_000)
        let parcel = try await pool.apply(DoubleContents(), to: Parcel(name: "a", contents: [small, large]))
        #expect(parcel.name == "a!")
        parcel.contents[0][0] = 17
        #expect(Array(small) == [17, 4, 6])
        #expect(large.withSpan { $0[99_999] } == 1)
      }
    }

    @Test(arguments: Kind.allCases, [3, 100_000]) func anArrayThatAWorkerMadeOutlivesIt(
      _ kind: Kind, _ count: Int
    ) async throws {
      let (one, many) = try await withPool(workers: 2, worker: kind.worker) { pool in
        let one = try await pool.apply(MakeShared(count: count), to: 7)
        let many = try await pool.map(MakeShared(count: count), over: 0..<30)
        return (one, many)
      }
      #expect(Array(one) == Array(repeating: 7, count: count))
      for (value, array) in many.enumerated() {
        #expect(Array(array) == Array(repeating: value, count: count))
      }
      // The coordinator hands it on, though the worker that made it is gone.
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        #expect(try await pool.apply(SumShared(), to: one) == 7 * count)
      }
    }

    @Test func anArrayThatTheCallerDropsAtOnceIsStillThereForItsItem() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let busy = pool.applyAsync(Sleep(), to: 100)
        let handles = try (0..<10).map { index in
          pool.applyAsync(SumShared(), to: try SharedArray(repeating: index, count: 10_000))
        }
        for (index, handle) in handles.enumerated() { #expect(try await handle.value == index * 10_000) }
        _ = try await busy.value
      }
    }

    @Test func thousandsOfArraysLeaveNoMappingAndNoDescriptor() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(CountMappings(), to: 0)
        for round in 0..<60 {
          let arrays = try (0..<10).map {
            try SharedArray(repeating: $0 + round, count: $0 % 2 == 0 ? 100 : 8_000)
          }
          _ = try await pool.map(SumShared(), over: arrays)
          _ = try await pool.map(MakeShared(count: round % 2 == 0 ? 10 : 8_000), over: 0..<10)
        }
        // What the last call brought goes when the next has run.
        _ = try await pool.broadcast(CountMappings(), to: 0)
        let mappings = try await pool.broadcast(CountMappings(), to: 0)
        #expect(mappings == [0, 0])
        #expect(Inspection.sharedMappings() == 0)
      }
    }

    @Test func tenThousandThingsAndAPoolTakeFewerThan64Descriptors() throws {
      // 0 + 1 + … + 9 999 is 49 995 000.
      let sum = 49_995_000
      let ending = try Coordinator.run("limited")
      #expect(
        ending
          == Coordinator.Ending(status: 0, output: "\(sum) \(sum) \(sum * 10 + 45 * 10_000) 64\n", errors: "")
      )
    }

    @Test func nothingIsLeftInDevShmWhateverIsKilled() async throws {
      // Without the named arrays of another run of these tests beside this one.
      func entries() -> [String] {
        Inspection.sharedFiles().filter { !$0.hasPrefix("procpool-test-") }.sorted()
      }
      let before = entries()
      let coordinator = try Coordinator("sharing")
      kill(coordinator.workers[0], SIGKILL)
      let (status, _, _) = await coordinator.end(by: SIGKILL)
      #expect(status == SIGKILL)
      #expect(entries() == before)
    }

    @Test func anArrayReachesAPoolInAWorker() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try await pool.apply(SumInNestedPool(), to: try SharedArray(0..<1000)) == 499_500)
        #expect(try await pool.apply(SumInNestedPool(), to: try SharedArray(0..<10_000)) == 49_995_000)
      }
    }

    @Test func outsideAPoolAnArrayIsNotEncoded() throws {
      let array = try SharedArray([1, 2, 3])
      #expect(throws: SharedMemoryError.outsidePool) { try WireCoding.encode(array) }
    }
  }
}
