import FaultyTasks
import Foundation
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Sharing {
  /// What a finished item refers to is there, whatever becomes of its worker afterwards.
  @Suite(.timeLimit(.minutes(5))) struct Lending {
    private static let deaths: [Death] = [
      .signal(SIGKILL), .signal(SIGSEGV), .trap, .exit(0), .exitAtOnce(3),
    ]

    /// Each item but the last has ended when the worker ends, a moment before that or longer ago.
    @Test(arguments: deaths, [1, 3, 10]) func finishedItemsKeepWhatTheyShare(
      _ death: Death, _ chunkSize: Int
    ) async throws {
      let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(environment: .exactly(environment))
      ) { (pool) async throws in
        for round in 0..<10 {
          let first = round * 100
          let deadly = [first + 9, first + 19]
          let task = MakeParcels(dyingAt: Dictionary(uniqueKeysWithValues: deadly.map { ($0, death) }))
          let results = await pool.mapResults(task, over: first..<first + 20, chunkSize: chunkSize)
          for (index, result) in results.enumerated() {
            if deadly.contains(first + index) {
              #expect(result.failure?.loss != nil, "\(result)")
            } else {
              #expect(try result.get()[0].hold(first + index))
            }
          }
        }
      }
    }

    /// Killed from outside at any instant. Every item is whole, or its worker is said to have been lost.
    @Test(arguments: [1, 5]) func workersKilledAtAnyInstantCostOnlyTheirItems(_ chunkSize: Int) async throws {
      let seed = Seed()
      let kills = Kills()
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        let events = pool.events
        let workers = try await pool.broadcast(ProcessNumber(), to: 0)
        let most = Sampling.count(150, thoroughly: 1500)
        let killer = Task {
          var numbers = seed.numbers
          for pid in workers { await kills.end(pid, after: Int.random(in: 0..<8_000, using: &numbers), most) }
          for await event in events {
            guard case .workerStarted(_, let pid) = event.kind else { continue }
            await kills.end(pid, after: Int.random(in: 0..<8_000, using: &numbers), most)
          }
        }
        defer { killer.cancel() }
        var lost = 0
        var round = 0
        while kills.count < most {
          let first = round * 1000
          let results = await pool.mapResults(MakeParcels(), over: first..<first + 200, chunkSize: chunkSize)
          for (index, result) in results.enumerated() {
            switch result {
            case .success(let parcels): #expect(try parcels[0].hold(first + index), "\(seed)")
            case .failure(let error):
              #expect(error.loss?.end == .signalled(SIGKILL), "\(error) \(seed)")
              lost += 1
            }
          }
          round += 1
        }
        // A worker that is killed loses the item that it runs, and no other.
        #expect(lost <= kills.count, "\(seed)")
        #expect(lost > 0, "\(seed)")
      }
    }

    @Test func everyVerbKeepsThem() async throws {
      let death = Death.signal(SIGKILL)
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for round in 0..<20 {
          let first = round * 100
          let workers = try await pool.broadcast(ProcessNumber(), to: 0)
          let single = pool.applyAsync(MakeParcels(), to: first)
          let everywhere = try await pool.broadcast(MakeParcels(), to: first + 1)
          for try await one in pool.imap(MakeParcels(), over: first..<first + 5) { #expect(one.count == 1) }
          let reduced = try await pool.mapReduce(
            MakeParcels(), over: first..<first + 30, startingWith: [], parts: 7)
          // Not one has been decoded yet of what a handle stands for.
          for pid in workers { kill(pid, SIGKILL) }
          #expect(try await single.value[0].hold(first))
          for parcels in everywhere { #expect(try parcels[0].hold(first + 1)) }
          #expect(reduced.count == 30)
          for (index, parcels) in reduced.enumerated() { #expect(try parcels.hold(first + index)) }

          // A stream, left behind by the workers that filled it.
          var next = first
          let deadly = [first + 30: death, first + 31: death]
          var results = pool.imapResults(
            MakeParcels(dyingAt: deadly), over: first..<first + 32, chunkSize: 1, inFlight: 32
          ).makeAsyncIterator()
          while let result = try await results.next() {
            if next < first + 30 { #expect(try result.get()[0].hold(next)) }
            next += 1
          }
          #expect(next == first + 32)
          // Parts whose worker ended in the next one.
          let error = try await poolError {
            try await pool.mapReduce(
              MakeParcels(dyingAt: [first + 29: death]), over: first..<first + 30, startingWith: [], parts: 10
            )
          }
          #expect(error.loss != nil, "\(error)")
        }
      }
    }

    @Test func workersThatAreReplacedLeaveWhatTheyMade() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 3))
      ) { (pool) async throws in
        let all = try await pool.map(MakeParcels(), over: 0..<60, chunkSize: 1)
        for (number, parcels) in all.enumerated() { #expect(try parcels[0].hold(number)) }
      }
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(limits: WorkerLimits(processorTime: .seconds(1)))
      ) { (pool) async throws in
        let results = await pool.mapResults(MakeParcels(), over: 0..<5, chunkSize: 1)
        let spun = try await poolError { try await pool.apply(Spin(), to: 100_000) }
        #expect(spun.loss?.cause == .processorTimeLimit, "\(spun)")
        for (number, result) in results.enumerated() { #expect(try result.get()[0].hold(number)) }
      }
    }

    /// What had ended by then is kept, and its worker is killed for what it went on with.
    @Test(arguments: [true, false]) func aCallThatIsCutShortKeepsWhatHadEnded(_ isCancelled: Bool)
      async throws
    {
      let grace = CancellationGrace(beforeTermination: .zero, beforeKill: .zero)
      try await withPool(workers: 2, worker: .faulty, configuration: PoolConfiguration(cancellation: grace)) {
        (pool) async throws in
        for round in 0..<15 {
          let numbers = round * 100..<round * 100 + 40
          let call = Task {
            await pool.mapResults(
              MakeParcels(milliseconds: 2), over: numbers, chunkSize: 4,
              deadline: isCancelled ? nil : .milliseconds(20 + round))
          }
          if isCancelled {
            try await Task.sleep(for: .milliseconds(20 + round))
            call.cancel()
          }
          var kept = 0
          for (number, result) in zip(numbers, await call.value) {
            switch result {
            case .success(let parcels):
              #expect(try parcels[0].hold(number))
              kept += 1
            case .failure(.cancelled), .failure(.deadlineExceeded): break
            case .failure(let error): Issue.record("\(error)")
            }
          }
          _ = kept
        }
      }
    }

    @Test(arguments: Kind.allCases) func manyAtOnceArriveInOneOutput(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        // More than one message can carry.
        let arrays = try await pool.apply(MakeManyShared(count: 300), to: 5)
        _ = await pool.mapResults(DieAt([0]), over: kind == .processes ? [0] : [])
        for (index, array) in arrays.enumerated() { #expect(array[4_999] == 5 + index) }
        #expect(arrays.count == 300)
      }
    }

    /// The file's number is another's, or nobody's, when the output is sent.
    @Test func anArrayWhoseFileItsTaskHasClosedIsSaidToBeGone() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let error = try await poolError { try await pool.apply(CloseShared(), to: 1) }
        #expect("\(error)".contains("the shared memory is gone"), "\(error)")
        // The worker lives on, and passes on what is there.
        #expect(
          Array(try await pool.apply(MakeShared(count: 5_000), to: 2)) == Array(repeating: 2, count: 5_000))
      }
    }
  }
}

/// Workers that a test has killed.
private final class Kills: Sendable {
  private let number = Mutex(0)
  var count: Int { number.withLock { $0 } }

  func end(_ pid: Int32, after microseconds: Int, _ most: Int) async {
    try? await Task.sleep(for: .microseconds(microseconds))
    if Task.isCancelled || count >= most { return }
    kill(pid, SIGKILL)
    number.withLock { $0 += 1 }
  }
}

extension Processes.Sharing {
  /// Errors hold shared memory as outputs do.
  @Suite struct SharedErrors {
    private func parcels(_ error: PoolError?, sourceLocation: SourceLocation = #_sourceLocation) throws
      -> Parcels
    {
      guard case .taskFailed(let failure)? = error else { throw try #require(error) }
      let misfit = failure.underlying as? SharedMisfit
      return try #require(misfit, "\(failure)", sourceLocation: sourceLocation).parcels
    }

    @Test(arguments: Kind.allCases) func anErrorArrivesWithWhatItHolds(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        #expect(try parcels(await poolError { try await pool.apply(ThrowParcels(), to: 7) }).hold(7))
        let results = await pool.mapResults(ThrowParcels(), over: 0..<20, chunkSize: 3)
        for (number, result) in results.enumerated() { #expect(try parcels(result.failure).hold(number)) }
        let reduced = try await poolError {
          try await pool.mapReduce(ThrowParcelsAt(55), over: 0..<100, startingWith: 0)
        }
        #expect(try parcels(reduced).hold(55))
        for result in await pool.mapResults(PrepareParcels(), over: 0..<4, chunkSize: 2) {
          #expect(try parcels(result.failure).hold(-1))
        }
      }
    }

    @Test func itOutlivesItsWorker() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for round in 0..<30 {
          let first = round * 100
          let results = await pool.mapResults(
            ThrowParcels(dyingAt: [first + 9, first + 19]), over: first..<first + 20, chunkSize: 5)
          for (index, result) in results.enumerated() {
            if index % 10 == 9 {
              #expect(result.failure?.loss != nil, "\(result)")
            } else {
              #expect(try parcels(result.failure).hold(first + index))
            }
          }
        }
      }
    }
  }
}
