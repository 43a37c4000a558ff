import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Deaths {
  /// Whatever happens to a worker, wherever, and whatever was asked of it: the item concerned fails with an
  /// error that says so, all others have their values, and the pool goes on.
  @Suite struct CrashMatrix {
    @Test(arguments: FaultPoint.allCases) func aFaultCostsTheItemConcernedAndNoOther(
      at point: FaultPoint
    ) async throws {
      let trials = Fault.allCases.flatMap { fault in Verb.allCases.map { Trial(fault, point, $0) } }
      try await forEachAtOnce(trials, atMost: 5) { try await $0.run() }
    }
  }
}

/// What can be asked of a pool.
private enum Verb: CaseIterable { case map, imap, applyAsync, mapReduce, broadcast }

/// One fault at one point, while a pool is asked for one thing.
private struct Trial: CustomStringConvertible {
  let fault: Fault
  let point: FaultPoint
  let verb: Verb

  init(_ fault: Fault, _ point: FaultPoint, _ verb: Verb) {
    self.fault = fault
    self.point = point
    self.verb = verb
  }

  var description: String { "\(fault) at \(point) during \(verb)" }

  private static let workers = 2
  private static let items = 20
  /// Items in a chunk, and in a part of a reduction.
  private static let chunk = 5
  /// In the middle of a chunk.
  private static let minedItem = 7
  /// Given where something hangs, and nowhere else: nothing but a hang may need it.
  private static let timeout = Duration.seconds(1)
  /// What no part of a trial may take: far more than one does on a loaded machine.
  private static let limit = Duration.seconds(15)

  /// What the call must cost.
  private enum Cost: Equatable {
    case nothing
    /// One item, and the error may name these.
    case one([Int])
    /// One item at the most, whichever it is.
    case oneAtMost
    /// Everything, because no worker can be started.
    case everything
    /// No time limit ends it: the caller has to.
    case endless
  }

  private var cost: Cost {
    switch point {
    case .everyGreeting: fault == .hang ? .endless : .everything
    // A worker may take 30 s to greet: what only this one may do waits for as long.
    case .oneGreeting: fault == .hang && verb == .broadcast ? .endless : .nothing
    // What a worker has not begun goes to the other one; where it is not in time for that, or only this one may
    // run it, it is taken for running it. That is how a time limit finds one that has stopped.
    case .reading, .idle: fault != .hang ? .nothing : verb == .broadcast ? .one(firstItems) : .oneAtMost
    // For the first item that a worker gets of the call.
    case .decodingTask, .preparing: .one(firstItems)
    // What a part of a reduction is made of, and what comes of it, is the part's: its first input is named.
    case .decodingInput, .encoding:
      .one(verb == .mapReduce ? [Self.minedItem / Self.chunk * Self.chunk] : minedItems)
    case .running, .afterwards, .writing: .one(minedItems)
    }
  }

  /// What errors may call the item with the mine.
  private var minedItems: [Int] {
    switch verb {
    case .map, .imap, .mapReduce: [Self.minedItem]
    case .applyAsync: [0]
    case .broadcast: Array(0..<Self.workers)
    }
  }

  /// What errors may call the first item that a worker gets.
  private var firstItems: [Int] {
    switch verb {
    case .map, .imap, .mapReduce: Array(stride(from: 0, to: Self.items, by: Self.chunk))
    case .applyAsync: [0]
    case .broadcast: Array(0..<Self.workers)
    }
  }

  // MARK: - The course of a trial

  func run() async throws {
    let scratch = Scratch()
    let mine = Mine(fault, at: point, once: scratch.file("struck"))
    let pool = try Pool(
      workers: Self.workers, worker: .faulty,
      configuration: PoolConfiguration(
        environment: .exactly(environment(mine, scratch)), standardError: .discarded,
        payloads: PayloadPolicy(sharing: .never)))
    await withDeadline(Self.limit, pool, "\(self)") {
      await prepare(pool, mine, scratch)
      let call = Task { await outcome(of: pool, mine) }
      if cost == .endless {
        let (trace, count) = point == .everyGreeting ? ("launches", Self.workers) : ("struck", 1)
        #expect(await eventually { scratch.lines(trace).count == count }, "\(self) never comes about")
        // So that what else can be done is done.
        try? await Task.sleep(for: .milliseconds(50))
        let clock = ContinuousClock.now
        call.cancel()
        judgeCancelled(await call.value)
        #expect(ContinuousClock.now - clock < .seconds(5), "\(self): a cancelled call goes on")
      } else {
        judge(await call.value)
        // The program that is not to greet may be started when the other one has done it all.
        let isStruck = await eventually { point == .everyGreeting || scratch.lines("struck").count == 1 }
        #expect(isStruck, "\(self) never comes about")
      }
    }
    if point != .everyGreeting {
      await withDeadline(Self.limit, pool, "a call after \(self)") {
        let outputs = await Result { try await pool.map(Echo(), over: 0..<40) }
        #expect((try? outputs.get()) == Array(0..<40), "after \(self): \(outputs)")
      }
    }
    // To leave in peace, a program would have to be waited for that does not greet.
    await withDeadline(Self.limit, pool, "the end of the pool after \(self)") {
      if fault == .hang, point == .everyGreeting || point == .oneGreeting {
        pool.terminate()
      } else {
        pool.close()
      }
      await pool.join()
    }
  }

  private func environment(_ mine: Mine, _ scratch: Scratch) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    // Dying by a trap takes Swift's backtracer a second unless it is told not to.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    if point == .everyGreeting || point == .oneGreeting {
      environment["FAULTY_MODE"] = "fault:\(fault.rawValue)"
      environment["FAULTY_LAUNCHES"] = scratch.file("launches")
    }
    if point == .oneGreeting { environment["FAULTY_ONCE"] = mine.path }
    return environment
  }

  /// Lays the mines that are not in the call itself.
  private func prepare(_ pool: Pool, _ mine: Mine, _ scratch: Scratch) async {
    guard point == .idle || point == .reading else { return }
    let laid = await Result { try await pool.broadcast(LayMine(mine), to: 1) }
    #expect((try? laid.get()) == [1, 1], "\(self): \(laid)")
    guard point == .idle else { return }
    // The coordinator may or may not have noticed.
    let isStruck = await eventually {
      guard let pid = scratch.lines("struck").first.flatMap({ Int32($0) }) else { return false }
      return fault == .hang ? Inspection.isStopped(pid) : !Inspection.isRunning(pid)
    }
    #expect(isStruck, "\(self) never comes about")
  }

  // MARK: - The call

  /// What became of the items, or of the call where it gives one value or throws one error.
  private enum Outcome {
    case items([Result<Int, any Error>])
    case whole(Result<[Int], any Error>)
  }

  private func outcome(of pool: Pool, _ mine: Mine) async -> Outcome {
    let task = CrossMines(mine)
    let timeout = fault == .hang ? Self.timeout : nil
    let inputs = (0..<Self.items).map { item in
      item == Self.minedItem
        ? MinedInput(item, mine, ballast: point == .reading ? LayMine.longFrame : 0) : MinedInput(item)
    }
    switch verb {
    case .map:
      let results = await pool.mapResults(task, over: inputs, chunkSize: Self.chunk, timeout: timeout)
      return .items(results.map { $0.map(\.value).mapError { $0 } })
    case .imap:
      var results: [Result<Int, any Error>] = []
      do {
        for try await result in pool.imapResults(task, over: inputs, chunkSize: Self.chunk, timeout: timeout)
        {
          results.append(result.map(\.value).mapError { $0 })
        }
      } catch {
        return .whole(.failure(error))
      }
      return .items(results)
    case .applyAsync:
      let handles = inputs.map { pool.applyAsync(task, to: $0, timeout: timeout) }
      return await withTaskCancellationHandler {
        var results: [Result<Int, any Error>] = []
        for handle in handles { results.append(await handle.result.map(\.value)) }
        return .items(results)
      } onCancel: {
        for handle in handles { handle.cancel() }
      }
    case .mapReduce:
      return .whole(
        await Result {
          [
            try await pool.mapReduce(
              task, over: inputs, startingWith: .zero, parts: Self.items / Self.chunk, timeout: timeout
            ).value
          ]
        })
    case .broadcast:
      return .whole(
        await Result {
          try await pool.broadcast(task, to: inputs[Self.minedItem], timeout: timeout).map(\.value)
        })
    }
  }

  private var wholeValue: [Int] {
    verb == .mapReduce
      ? [(0..<Self.items).reduce(0) { $0 + 2 * $1 }]
      : Array(repeating: 2 * Self.minedItem, count: Self.workers)
  }

  // MARK: - Judgement

  private func judge(_ outcome: Outcome) {
    switch outcome {
    case .whole(.success(let values)):
      #expect((cost == .nothing || cost == .oneAtMost) && values == wholeValue, "\(self): \(values)")
    case .whole(.failure(let error)):
      #expect(cost != .nothing && isExpected(error, of: nil), "\(self): \(error)")
    case .items(let results):
      #expect(results.count == Self.items, "\(self): \(results)")
      var failed = 0
      for (index, result) in results.enumerated() {
        switch result {
        case .success(let value): #expect(value == 2 * index, "\(self): item \(index)")
        case .failure(let error):
          failed += 1
          #expect(isExpected(error, of: index), "\(self): item \(index): \(error)")
        }
      }
      let expected =
        switch cost {
        case .nothing, .endless: 0...0
        case .one: 1...1
        case .oneAtMost: 0...1
        case .everything: Self.items...Self.items
        }
      #expect(expected.contains(failed), "\(self): \(results)")
    }
  }

  private func judgeCancelled(_ outcome: Outcome) {
    func isCancellation(_ error: any Error) -> Bool {
      if case PoolError.cancelled = error { return true }
      return error is CancellationError
    }
    switch outcome {
    case .whole(.success(let values)): Issue.record("\(self): \(values)")
    case .whole(.failure(let error)): #expect(isCancellation(error), "\(self): \(error)")
    case .items(let results):
      #expect(results.count == Self.items, "\(self): \(results)")
      var cancelled = 0
      for (index, result) in results.enumerated() {
        switch result {
        case .success(let value): #expect(value == 2 * index, "\(self): item \(index)")
        case .failure(let error):
          cancelled += 1
          #expect(isCancellation(error), "\(self): item \(index): \(error)")
        }
      }
      // At least the item that hangs.
      #expect(cancelled > 0, "\(self)")
    }
  }

  /// Whether the error is of the right kind, and names the item.
  ///
  /// - Parameter index: where among the results it was, if there are any.
  private func isExpected(_ error: any Error, of index: Int?) -> Bool {
    guard let error = error as? PoolError else { return false }
    switch cost {
    case .nothing, .endless: return false
    case .everything: return error.startFailure != nil
    case .oneAtMost: return isExpected(error)
    case .one(let names):
      guard let item = error.item?.index, names.contains(item) else { return false }
      if let index, verb != .applyAsync, item != index { return false }
      // Of applications each is a call of its own: by its name the right one cannot be told.
      if let index, verb == .applyAsync, names == minedItems, isMinedByItem, index != Self.minedItem {
        return false
      }
      return isExpected(error)
    }
  }

  private var isMinedByItem: Bool {
    switch point {
    case .decodingInput, .running, .afterwards, .encoding, .writing: true
    case .everyGreeting, .oneGreeting, .reading, .decodingTask, .preparing, .idle: false
    }
  }

  private func isExpected(_ error: PoolError) -> Bool {
    switch fault {
    case .hang:
      guard case .timedOut(_, limit: Self.timeout) = error else { return false }
      return true
    case .garbage: return error.loss?.violation != nil
    // A trap's signal differs between processors.
    case .trap: return [.signalled(SIGILL), .signalled(SIGTRAP)].contains(error.loss?.end)
    case .signal: return error.loss?.end == .signalled(SIGKILL)
    case .exit: return error.loss?.end == .exited(status: Fault.status)
    }
  }
}
