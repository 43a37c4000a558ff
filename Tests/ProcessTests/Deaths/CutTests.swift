import FaultyTasks
import Foundation
import ProcPool
import ProcPoolProtocol
import Testing

extension Processes.Deaths {
  /// What a worker writes may break off at any byte, or any byte may be another: every item ends, and no
  /// value is wrong but one whose own bytes were changed.
  @Suite struct Cuts {
    @Test func aWorkerMayDieAtAnyByte() async throws {
      try await Damaged.atEachByte { "cut:\($0)" }
    }

    @Test func aStreamMayEndOrStallAtAnyByte() async throws {
      // By turns, because each takes most of a second.
      try await Damaged.atEachByte { "\($0 % 2 == 0 ? "close" : "stall"):\($0)" }
    }

    @Test(arguments: [true, false]) func anyByteMayBeAnother(allBits: Bool) async throws {
      try await Damaged.atEachByte { "flip:\($0):\(allBits ? 0xFF : 1 << ($0 % 8))" }
    }
  }
}

// MARK: - A session

/// The calls of a session, of every kind of frame that a worker writes: each is one chunk, so that the stream
/// is the same every time.
private enum Session {
  /// What becomes of each item when nothing goes wrong, call by call; `nil` where it fails.
  static let expected: [[String?]] = [
    ["0", "1", nil, "3"], ["one", "", "three"], ["[5, 5, 5, 5]"], ["()", "()"],
  ]

  /// Given to all calls: a worker that is cut off is no different from one that takes long.
  static let timeout = Duration.seconds(1)

  /// How outputs lie in a results frame.
  enum Outputs { case fixed(Int), prefixed }

  static let outputs: [Outputs] = [.fixed(8), .prefixed, .prefixed, .fixed(0)]

  static func run(in pool: Pool) async -> [[Result<String, PoolError>]] {
    let numbers = await pool.mapResults(ThrowAt([2]), over: 0..<4, chunkSize: 4, timeout: timeout)
    let texts = await pool.mapResults(EchoText(), over: ["one", "", "three"], chunkSize: 3, timeout: timeout)
    let arrays = await pool.mapResults(MakeShared(count: 4), over: [5], chunkSize: 1, timeout: timeout)
    let nothings = await pool.mapResults(Discard(), over: 0..<2, chunkSize: 2, timeout: timeout)
    return [
      numbers.map { $0.map { "\($0)" } }, texts, arrays.map { $0.map { "\(Array($0))" } },
      nothings.map { $0.map { "\($0)" } },
    ]
  }

  static func makePool(_ damage: String, in scratch: Scratch) throws -> Pool {
    var environment = ProcessInfo.processInfo.environment
    environment["FAULTY_MODE"] = "stream:\(damage)"
    // The worker that replaces it has a stream that is whole.
    environment["FAULTY_ONCE"] = scratch.file("once")
    environment["FAULTY_STREAM"] = scratch.file("stream")
    return try Pool(
      workers: 1, worker: .faulty,
      configuration: PoolConfiguration(environment: .exactly(environment), standardError: .discarded))
  }
}

/// What a worker writes in a session, and what its bytes are for.
private struct Stream: Sendable {
  struct Place: Sendable {
    enum Purpose: Sendable, Equatable {
      /// A frame's header, and what fills it up.
      case structure
      /// How long an item's output is: where another length does not add up with those of the others, it
      /// breaks the protocol, and where it does by chance, outputs of the frame cannot be decoded.
      case length
      /// The encoded output of an item. There is no checksum: it may come out as another, or as none.
      case value(item: Int)
      /// The report of an item's failure, or the shared memory that its output lies in: it may come out as
      /// another, or as something that breaks the protocol.
      case report(item: Int)
    }

    let call: Int
    /// Of the frame.
    let firstItem: Int
    var purpose = Purpose.structure
  }

  let bytes: [UInt8]
  /// For each byte; `nil` in the preamble and the greeting.
  let places: [Place?]

  static func record() async throws -> Stream {
    var (scratch, outcome) = try await session()
    // Reports of preparations that took long come in between on a busy machine.
    while kinds(try written(in: scratch)).contains(.prepared) { (scratch, outcome) = try await session() }
    #expect(outcome.map { $0.map { try? $0.get() } } == Session.expected)
    let bytes = try written(in: scratch)
    let places = try places(in: bytes)
    try #require(places.count == bytes.count)
    return Stream(bytes: bytes, places: places)
  }

  private static func session() async throws -> (Scratch, [[Result<String, PoolError>]]) {
    let scratch = Scratch()
    let pool = try Session.makePool("record", in: scratch)
    let outcome = await Session.run(in: pool)
    pool.close()
    await pool.join()
    return (scratch, outcome)
  }

  /// What the worker of a session has written, whatever has become of it.
  static func written(in scratch: Scratch) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: scratch.file("stream"))))
  }

  /// The frames that begin up to a place, as far as they have been written.
  static func kinds(_ bytes: [UInt8], upTo place: Int = .max) -> [FrameKind] {
    var kinds: [FrameKind] = []
    var start = Preamble.size
    while start <= place, start + FrameHeader.size <= bytes.count,
      let header = try? bytes.withUnsafeBytes({ try FrameHeader(loading: $0.baseAddress! + start) })
    {
      kinds.append(header.kind)
      start += header.frameLength
    }
    return kinds
  }

  private static func places(in bytes: [UInt8]) throws -> [Place?] {
    var places = [Place?](repeating: nil, count: Preamble.size)
    var firstCall: CallID?
    while places.count < bytes.count {
      let start = places.count
      let header = try bytes.withUnsafeBytes { try FrameHeader(loading: $0.baseAddress! + start) }
      if header.kind == .greeting {
        places += [Place?](repeating: nil, count: header.frameLength)
        continue
      }
      firstCall = firstCall ?? header.call
      let call = Int(header.call.number - firstCall!.number)
      // A loan names its item by the position in the worker's order, in which the calls follow each other.
      let before = header.kind == .lend ? Session.expected[..<call].reduce(0) { $0 + $1.count } : 0
      let first = Int(header.first) - before
      places += [Place?](repeating: Place(call: call, firstItem: first), count: header.frameLength)
      var next = start + FrameHeader.size
      func mark(_ count: Int, _ purpose: Place.Purpose) {
        for index in next..<next + count { places[index]!.purpose = purpose }
        next += count
      }
      switch header.kind {
      case .failure, .lend: mark(header.bodyLength, .report(item: first))
      case .results:
        for item in first..<first + Int(header.count) {
          switch Session.outputs[call] {
          case .fixed(let size): mark(size, .value(item: item))
          case .prefixed:
            // Short enough for a length of one byte.
            let length = Int(bytes[next])
            mark(1, .length)
            mark(length, .value(item: item))
          }
        }
      default: Issue.record("a worker wrote a \(header.kind) frame")
      }
    }
    return places
  }
}

/// A session whose stream is damaged at one byte.
private struct Damaged: CustomStringConvertible {
  let damage: String
  let place: Int
  let stream: Stream
  let seed: Seed

  /// Sessions at a time: most of their time they wait for a time limit, or for a process to start.
  static let width = 16
  /// What no session may take: far more than one does on a loaded machine.
  private static let limit = Duration.seconds(20)

  var description: String {
    "\(seed) \(damage), "
      + (stream.places[place].map { "\($0.purpose) of call \($0.call)" } ?? "in the greeting")
  }

  /// Has a session with each byte of its stream damaged in turn, or each of a sample.
  static func atEachByte(_ damage: (Int) -> String) async throws {
    let stream = try await Stream.record()
    let seed = Seed()
    let sessions = stream.bytes.indices.map {
      Damaged(damage: damage($0), place: $0, stream: stream, seed: seed)
    }
    try await forEachAtOnce(Sampling.part(sessions, oneIn: 5, seed), atMost: width) { await $0.check() }
  }

  private var isFlip: Bool { damage.hasPrefix("flip") }

  func check() async {
    do {
      var isOver = false
      while !isOver {
        let scratch = Scratch()
        let pool = try Session.makePool(damage, in: scratch)
        guard let damaged = stream.places[place] else { return await checkBeginning(pool) }
        try await withDeadline(Self.limit, pool, "\(self)") {
          let outcome = await Session.run(in: pool)
          pool.close()
          await pool.join()
          // Once more where the report of a long preparation has moved the damage to another frame.
          isOver = !Stream.kinds(try Stream.written(in: scratch), upTo: place).contains(.prepared)
          if isOver { judge(outcome, damaged) }
        }
      }
    } catch {
      Issue.record("\(self): \(error)")
    }
  }

  /// Without its only worker a pool does nothing; what greets a little otherwise may be taken for one. One
  /// whose greeting never ends has half a minute for it, and that is not waited for.
  private func checkBeginning(_ pool: Pool) async {
    let session = Task { await Session.run(in: pool) }
    let patience = Task {
      try await Task.sleep(for: .seconds(1))
      pool.terminate()
    }
    let results = await withDeadline(Self.limit, pool, "\(self)") { await session.value.flatMap { $0 } }
    patience.cancel()
    let expected = Session.expected.flatMap { $0 }
    #expect(results.count == expected.count, "\(self)")
    for (result, expected) in zip(results, expected) {
      switch result {
      case .success(let value): #expect(isFlip && value == expected, "\(self): \(result)")
      case .failure(.taskFailed): #expect(isFlip && expected == nil, "\(self): \(result)")
      case .failure(.terminated), .failure(.workersUnavailable): break
      case .failure: Issue.record("\(self): \(result)")
      }
    }
    pool.terminate()
    await pool.join()
  }

  private func judge(_ outcome: [[Result<String, PoolError>]], _ damaged: Stream.Place) {
    #expect(outcome.map(\.count) == Session.expected.map(\.count), "\(self)")
    // A worker has the items of one call at a time, and can be lost once.
    var losses: Set<Int> = []
    for (call, results) in outcome.enumerated() {
      for (item, result) in results.enumerated() where !isRight(result, Session.expected[call][item], item) {
        // The coordinator may have seen in shared memory what the damaged frame said, so that the damage
        // comes to light in a later call.
        let isLater = (damaged.call, damaged.firstItem) <= (call, item)
        switch damaged.purpose {
        case .value(item), .report(item): if isFlip && call == damaged.call { continue }
        case .value, .report, .length, .structure: break
        }
        if case .value = damaged.purpose, isFlip {
          Issue.record("\(self): item \(item) of call \(call): \(result)")
        }
        losses.insert(call)
        let isUndecodable =
          damaged.purpose == .length && isFlip && call == damaged.call && isUndecodable(result, item)
        #expect(
          isLater && (isLoss(result, item) || isUndecodable),
          "\(self): item \(item) of call \(call): \(result)")
      }
    }
    #expect(losses.count <= 1, "\(self): \(outcome)")
  }

  private func isRight(_ result: Result<String, PoolError>, _ expected: String?, _ item: Int) -> Bool {
    switch result {
    case .success(let value): return value == expected
    case .failure(.taskFailed(let failure)):
      return expected == nil && failure.underlying as? Misfit == Misfit(value: 2)
        && failure.item.index == item
    case .failure: return false
    }
  }

  /// Whether the item was lost with its worker, and the error names it.
  private func isLoss(_ result: Result<String, PoolError>, _ item: Int) -> Bool {
    guard let error = result.failure, error.item?.index == item else { return false }
    if case .timedOut(_, limit: Session.timeout) = error { return true }
    // What a worker has lent goes with it, though its results were found.
    return error.loss != nil || isUndecodable(result, item) && "\(error)".contains("shared memory is gone")
  }

  private func isUndecodable(_ result: Result<String, PoolError>, _ item: Int) -> Bool {
    guard case .failure(.notCodable(let failure)) = result else { return false }
    return failure.item.index == item && failure.value == .output && !failure.isEncoding
  }
}
