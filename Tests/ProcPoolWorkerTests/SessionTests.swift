import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import Synchronization
import Testing

@testable import ProcPoolWorker

struct Twice: PoolTask {
  func run(_ input: Int) throws -> Int {
    if input < 0 { throw Negative() }
    return input * 2
  }
}

struct Negative: Error {}

/// Prepares until it is told that it may run.
struct LongPrepared: PoolTask {
  static let isPreparing = Atomic(false)
  static let mayEnd = Atomic(false)

  func prepare() {
    Self.isPreparing.store(true, ordering: .releasing)
    while !Self.mayEnd.load(ordering: .acquiring) { sched_yield() }
  }

  func run(_ input: Int) -> Int { input }
}

/// A worker on a thread, and the coordinator's side of its pipes played by the test, byte by byte.
final class Peer {
  let page: StatusPage?
  let tasks: Descriptor
  let results: Descriptor
  private var received: [UInt8] = []

  init(
    sharesPage: Bool, name: String = "peer", pollingTime: Int64 = 0, callPollingTime: Int64 = 0
  ) throws {
    let down = try Pipe().relinquish()
    let up = try Pipe().relinquish()
    tasks = Descriptor(owning: down.writing)
    results = Descriptor(owning: up.reading)
    page = sharesPage ? StatusPage.makePrivate() : nil
    page?.reset()
    try WorkerThread.start(
      streams: WorkerStreams(
        tasks: Descriptor(owning: down.reading), results: Descriptor(owning: up.writing)),
      page: page, name: name, WorkerThread.Callbacks())
    try send { writer in
      Preamble.bytes.withUnsafeBytes { writer.writeBytes($0) }
      var hello = Hello(
        worker: 4, coordinator: 0, abilities: page == nil ? [] : .thread, maximumBody: 1 << 20)
      hello.pollingTime = pollingTime
      hello.callPollingTime = callPollingTime
      writer.writeFrame(FrameHeader(.hello)) { hello.write(to: &$0) }
    }
    try fill(atLeast: Preamble.size)
    #expect(try received.withUnsafeBytes { try Preamble.check($0) })
    received.removeFirst(Preamble.size)
    #expect(try next().header.kind == .greeting)
  }

  func send(_ write: (inout WireWriter) -> Void) throws {
    var writer = WireWriter()
    write(&writer)
    #expect(try tasks.writeAll(writer.bytes))
  }

  /// - Parameter number: as which the worker keeps the task.
  func sendCall(
    _ call: CallID, typeName: String, _ task: some PoolTask = Twice(), number: UInt64 = 0
  ) throws {
    let task = try WireCoding.encode(task)
    try send { writer in
      writer.writeFrame(FrameHeader(.call, call: call, first: number)) { writer in
        CallMessage.writeHead(typeName: typeName, to: &writer)
        task.withUnsafeBytes { writer.writeBytes($0) }
      }
    }
  }

  /// A call with a task that the worker keeps.
  func sendCall(_ call: CallID, keptAs number: UInt64) throws {
    try send {
      $0.writeFrame(FrameHeader(.call, flags: CallMessage.keptFlag, call: call, first: number)) { _ in }
    }
  }

  func sendDrop(_ number: UInt64) throws {
    try send { $0.writeFrame(FrameHeader(.drop, first: number)) { _ in } }
  }

  /// The report of a preparation.
  func nextReport() throws -> (header: FrameHeader, report: PreparationReport) {
    let (header, body) = try next(skipsReports: false)
    try #require(header.kind == .prepared)
    return (header, try body.withUnsafeBytes { try PreparationReport(from: $0) })
  }

  func sendChunk(
    _ call: CallID, first: UInt64, _ inputs: [Int], flushes: Bool = true, awaitsCall: Bool = false,
    polls: Bool = false
  ) throws {
    let flags = ChunkFlags(flushes: flushes, claimExponent: 0, awaitsCall: awaitsCall, polls: polls).rawValue
    let header = FrameHeader(.chunk, flags: flags, call: call, count: UInt32(inputs.count), first: first)
    try send { writer in
      writer.writeFrame(header) { writer in for input in inputs { writer.writeFixed(input) } }
    }
  }

  private func fill(atLeast count: Int) throws {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while received.count < count {
      guard case .moved(let more) = try bytes.withUnsafeMutableBytes({ try results.read(into: $0) }) else {
        throw SystemError(call: "read: the worker has gone", code: 0)
      }
      received += bytes.prefix(more)
    }
  }

  /// The next frame; waits for it.
  ///
  /// - Parameter skipsReports: any preparation takes long enough to be reported on a machine that is busy.
  func next(skipsReports: Bool = true) throws -> (header: FrameHeader, body: [UInt8]) {
    while true {
      switch try received.withUnsafeBytes({ try FrameScan.scan($0, limit: 1 << 20) }) {
      case .needs(let count): try fill(atLeast: count)
      case .frame(let header):
        let body = Array(received.dropFirst(FrameHeader.size).prefix(header.bodyLength))
        received.removeFirst(header.frameLength)
        if header.kind == .prepared, skipsReports { continue }
        return (header, body)
      }
    }
  }

  func nextOutputs() throws -> (header: FrameHeader, outputs: [Int]) {
    let (header, body) = try next()
    let outputs = body.withUnsafeBytes { bytes in
      (0..<body.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int.self) }
    }
    return (header, outputs)
  }
}

/// What a thread of this process does, as the system sees it.
private struct ThreadState {
  private let path: String

  /// The thread of that name; waits until there is one.
  init?(named name: String) {
    let end = ContinuousClock.now + .seconds(20)
    repeat {
      guard let directory = opendir("/proc/self/task") else { return nil }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let number = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
        if TextFile.read("/proc/self/task/\(number)/comm") == name + "\n" {
          path = "/proc/self/task/\(number)"
          return
        }
      }
      usleep(1000)
    } while ContinuousClock.now < end
    return nil
  }

  /// Whether it sleeps, and the processor time that it has used, in nanoseconds.
  func read() -> (isAsleep: Bool, time: Int) {
    // What is between parentheses may be anything.
    let fields = (TextFile.read("\(path)/stat") ?? "").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      return (false, 0)
    }
    // In hundredths of a second if the kernel does not count more precisely.
    let precise = TextFile.read("\(path)/schedstat")?.split(separator: " ").first.flatMap { Int($0) }
    return (fields[0] == "S", precise ?? (user + system) * 10_000_000)
  }

  /// - Returns: whether it has come to that.
  func waits(_ isSo: ((isAsleep: Bool, time: Int)) -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while !isSo(read()) {
      if ContinuousClock.now > end { return false }
      usleep(1000)
    }
    return true
  }
}

@Suite(.timeLimit(.minutes(5))) struct AWorkerAnswersWhatItIsSent {
  private let twice = _mangledTypeName(Twice.self)!

  /// Who sends frames may wait for the results first.
  @Test func aWorkerThatCannotWriteResultsWaitsForNoMoreFrames() throws {
    let peer = try Peer(sharesPage: true)
    // In place of the reading end, which is nowhere else.
    let null = try Descriptor.open("/dev/null", O_RDONLY)
    #expect(dup2(null.number, peer.results.number) >= 0)
    try peer.sendCall(1, typeName: twice)
    try peer.sendChunk(1, first: 0, [1, 2, 3])
    #expect(try peer.tasks.waitUntilReady(for: 0, milliseconds: 10_000), "its end of the pipe is still open")
  }

  @Test func aChunkIsAnsweredWithOneFrame() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: twice)
    try peer.sendChunk(1, first: 10, [1, 2, 3])
    let (header, outputs) = try peer.nextOutputs()
    #expect(header.kind == .results && header.first == 10 && header.count == 3)
    #expect(outputs == [2, 4, 6])
  }

  @Test func aWorkerPollsOnlyAfterAChunkThatAnotherCallFollows() throws {
    // Longer than the test may take.
    let peer = try Peer(sharesPage: true, name: "polling-peer", callPollingTime: 1_000_000_000_000)
    let thread = try #require(ThreadState(named: "polling-peer"))
    try peer.sendCall(1, typeName: twice)
    for round in 0..<3 as Range<UInt64> {
      try peer.sendChunk(1, first: 2 * round, [1])
      _ = try peer.nextOutputs()
      #expect(thread.waits { $0.isAsleep }, "round \(round)")
      try peer.sendChunk(1, first: 2 * round + 1, [1], awaitsCall: true)
      _ = try peer.nextOutputs()
      let before = thread.read().time
      // A hundred times what it takes to fall asleep; and little, because a thread that yields gets little of a busy
      // processor.
      #expect(thread.waits { $0.time >= before + 2_000_000 }, "round \(round)")
    }
    // What it has polled for is not a chunk: it has polled enough.
    try peer.send { $0.writeFrame(FrameHeader(.endCall, call: 9)) { _ in } }
    #expect(thread.waits { $0.isAsleep })
  }

  @Test func aWorkerPollsForTheNextFrameWhereThereIsAProcessorForThat() throws {
    let peer = try Peer(sharesPage: true, name: "polling-peer-2", pollingTime: 1_000_000_000_000)
    let thread = try #require(ThreadState(named: "polling-peer-2"))
    try peer.sendCall(1, typeName: twice)
    for round in 0..<3 as Range<UInt64> {
      try peer.sendChunk(1, first: 2 * round, [1])
      _ = try peer.nextOutputs()
      #expect(thread.waits { $0.isAsleep }, "round \(round)")
      try peer.sendChunk(1, first: 2 * round + 1, [1], polls: true)
      _ = try peer.nextOutputs()
      // Also after a frame that is no chunk.
      for _ in 0..<2 {
        let before = thread.read().time
        #expect(thread.waits { $0.time >= before + 2_000_000 }, "round \(round)")
        try peer.send { $0.writeFrame(FrameHeader(.endCall, call: 9)) { _ in } }
      }
    }
  }

  @Test func withoutAPageEachResultIsSentAsItComes() throws {
    let peer = try Peer(sharesPage: false)
    try peer.sendCall(1, typeName: twice)
    try peer.sendChunk(1, first: 0, [1, 2, 3])
    for item in 0..<3 {
      let (header, outputs) = try peer.nextOutputs()
      #expect(header.first == UInt64(item) && outputs == [(item + 1) * 2])
    }
  }

  @Test func aThrownErrorFailsItsItemOnly() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: twice)
    try peer.sendChunk(1, first: 0, [1, -1, 3])
    #expect(try peer.nextOutputs().outputs == [2])
    let failure = try peer.next()
    #expect(failure.header.kind == .failure && failure.header.first == 1 && failure.header.count == 1)
    let report = try failure.body.withUnsafeBytes { try ErrorReport(from: $0) }
    #expect(report.reason == .threw && report.typeName.hasSuffix("Negative"))
    #expect(try peer.nextOutputs().outputs == [6])
  }

  @Test func anUnknownTaskFailsEachItemOfItsCall() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: "4None4SuchV")
    try peer.sendChunk(1, first: 0, [1, 2])
    for item in 0..<2 {
      let (header, body) = try peer.next()
      #expect(header.kind == .failure && header.first == UInt64(item))
      #expect(try body.withUnsafeBytes { try ErrorReport(from: $0) }.reason == .taskUnavailable)
    }
  }

  @Test func aTypeThatIsNoTaskIsNotMade() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: _mangledTypeName([String].self)!)
    try peer.sendChunk(1, first: 0, [1])
    let report = try peer.next().body.withUnsafeBytes { try ErrorReport(from: $0) }
    #expect(report.reason == .taskUnavailable && report.message.contains("not a PoolTask"))
  }

  @Test func inputsThatAreCutOffFailTheirItemsOnly() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: twice)
    try peer.send { writer in
      writer.writeFrame(FrameHeader(.chunk, flags: 1, call: 1, count: 2, first: 0)) { $0.writeFixed(21) }
    }
    #expect(try peer.nextOutputs().outputs == [42])
    let (header, body) = try peer.next()
    #expect(header.first == 1)
    #expect(try body.withUnsafeBytes { try ErrorReport(from: $0) }.reason == .inputUndecodable)
  }

  @Test func aBodyThatCannotBeReachedIsAskedForOnceMoreAndWhatFollowsIsSkippedUntilThen() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: twice)
    let memory = MemoryLocation(descriptor: 9999, device: 1, inode: 2, fileSize: 1 << 20, offset: 0)
    try peer.send { writer in
      writer.writeFrame(FrameHeader(.indirectChunk, flags: 1, call: 1, count: 2, first: 0)) {
        BodyLocation(memory: memory, length: 1 << 16).write(to: &$0)
      }
    }
    try peer.send { $0.writeFrame(FrameHeader(.attempt, count: 5)) { _ in } }
    try peer.sendChunk(1, first: 2, [7])
    #expect(try peer.next().header.kind == .unreachable)
    // A call that comes meanwhile, and items that are taken back, change nothing about that.
    try peer.sendCall(2, typeName: twice)
    let (position, epoch) = peer.page!.takeBack()
    // The first item was claimed with its call.
    #expect(position == 1)
    try peer.send { $0.writeFrame(FrameHeader(.resume, first: epoch)) { _ in } }
    try peer.sendChunk(2, first: 0, [8])
    try peer.send { $0.writeFrame(FrameHeader(.again)) { _ in } }
    try peer.sendChunk(1, first: 0, [5])
    try peer.sendChunk(2, first: 0, [9, 10])
    for (call, outputs) in [(1, [10]), (2, [18, 20])] as [(CallID, [Int])] {
      let next = try peer.nextOutputs()
      #expect(next.header.call == call && next.header.first == 0 && next.outputs == outputs)
    }
  }

  @Test func whatWasTakenBackIsSkippedUntilTheGateIsReopened() throws {
    let peer = try Peer(sharesPage: true)
    // Before the worker has seen any of it.
    let (position, epoch) = peer.page!.takeBack()
    #expect(position == 0)
    try peer.sendCall(1, typeName: twice)
    try peer.sendChunk(1, first: 0, [1, 2])
    try peer.send { $0.writeFrame(FrameHeader(.resume, first: epoch)) { _ in } }
    try peer.sendChunk(1, first: 5, [7])
    let (header, outputs) = try peer.nextOutputs()
    #expect(header.first == 5 && outputs == [14])
    #expect(peer.page!.takeBack().position == 1)
  }

  /// Else a worker would seem to be free that is held up by what it does for a call before its first item.
  @Test func theItemForWhichATaskIsPreparedCannotBeTakenBack() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: _mangledTypeName(LongPrepared.self)!)
    try peer.sendChunk(1, first: 0, [1, 2])
    let end = ContinuousClock.now + .seconds(20)
    while !LongPrepared.isPreparing.load(ordering: .acquiring), ContinuousClock.now < end { sched_yield() }
    #expect(peer.page!.takeBack().position == 1)
    LongPrepared.mayEnd.store(true, ordering: .releasing)
    let (header, outputs) = try peer.nextOutputs()
    #expect(header.first == 0 && outputs == [1])
  }

  @Test func aFrameThatWorkersSendEndsTheSession() throws {
    let peer = try Peer(sharesPage: true)
    try peer.send { $0.writeFrame(FrameHeader(.greeting)) { _ in } }
    #expect(throws: SystemError.self) { try peer.next() }
  }
}
