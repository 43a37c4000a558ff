import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization
import Testing

@testable import ProcPoolWorker

/// Takes long enough to prepare to be kept, and says what it finds.
struct KeptLedger: PoolTask {
  final class Page: Codable, @unchecked Sendable {
    var entries = 0
  }

  var page = Page()
  var plain = 0
  var throwing = false
  @WorkerLocal var local: Int

  static let preparations = Atomic(0)

  mutating func prepare() throws {
    usleep(1_000)
    Self.preparations.add(1, ordering: .relaxed)
    plain += 100
    local = 0
    if throwing { throw Negative() }
  }

  /// 100 000 for each entry in the object, 1 000 for each in the local value, and the plain value.
  mutating func run(_ input: Int) -> Int {
    page.entries += 1
    local += 1
    plain += 1
    return page.entries * 100_000 + local * 1_000 + plain
  }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct AWorkerKeepsTasks {
  private let ledger = _mangledTypeName(KeptLedger.self)!

  private func output(_ peer: Peer, _ call: CallID) throws -> Int {
    try peer.sendChunk(call, first: 0, [0])
    let (header, outputs) = try peer.nextOutputs()
    #expect(header.kind == .results && header.call == call)
    return outputs.first ?? 0
  }

  @Test func aLongPreparationIsReportedBeforeTheResults() throws {
    let peer = try Peer(sharesPage: true)
    for (call, number) in [(1, 0), (2, 7)] as [(CallID, UInt64)] {
      try peer.sendCall(call, typeName: ledger, KeptLedger(), number: number)
      try peer.sendChunk(call, first: 0, [0])
      let (header, report) = try peer.nextReport()
      #expect(header.call == call && header.first == number)
      // A thread's memory is its process's.
      #expect(report.time >= 1_000_000 && report.memory == 0)
      #expect(try peer.nextOutputs().outputs == [101_101])
    }
  }

  @Test func everyCallStartsFromTheTaskAsPrepareLeftIt() throws {
    let peer = try Peer(sharesPage: true)
    let before = KeptLedger.preparations.load(ordering: .relaxed)
    try peer.sendCall(1, typeName: ledger, KeptLedger(), number: 7)
    #expect(try output(peer, 1) == 101_101)
    #expect(try output(peer, 1) == 202_102, "within a call, plain properties stay as well")
    for call in 2...3 {
      try peer.sendCall(CallID(UInt32(call)), keptAs: 7)
      #expect(try output(peer, CallID(UInt32(call))) == (call + 1) * 101_000 + 101)
    }
    #expect(KeptLedger.preparations.load(ordering: .relaxed) == before + 1)
  }

  /// Two that were on their way at the same time.
  @Test func bytesOfATaskThatIsKeptAlreadyAreNotDecoded() throws {
    let peer = try Peer(sharesPage: true)
    let before = KeptLedger.preparations.load(ordering: .relaxed)
    for call in [1, 2, 3] as [CallID] {
      try peer.sendCall(call, typeName: ledger, KeptLedger(), number: 7)
      try peer.sendChunk(call, first: 0, [0])
    }
    #expect(try peer.nextReport().header.call == 1)
    for call in [1, 2, 3] as [CallID] { #expect(try peer.next(skipsReports: false).header.call == call) }
    #expect(KeptLedger.preparations.load(ordering: .relaxed) == before + 1)
  }

  @Test func aCallThatWasTakenBackFindsWhatAnotherHasLeftMeanwhile() throws {
    let peer = try Peer(sharesPage: true)
    let before = KeptLedger.preparations.load(ordering: .relaxed)
    let epoch = peer.page!.takeBack().epoch
    // Not decoded, because none of its items is there.
    try peer.sendCall(1, typeName: ledger, KeptLedger(), number: 7)
    try peer.send { $0.writeFrame(FrameHeader(.resume, first: epoch)) { _ in } }
    try peer.sendCall(2, typeName: ledger, KeptLedger(), number: 7)
    #expect(try output(peer, 2) == 101_101)
    #expect(try output(peer, 1) == 202_101)
    #expect(KeptLedger.preparations.load(ordering: .relaxed) == before + 1)
  }

  /// A call that is sent before the task is dropped has a copy, whenever its items come.
  @Test func droppingATaskTakesItFromNoCall() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, typeName: ledger, KeptLedger(), number: 7)
    #expect(try output(peer, 1) == 101_101)
    try peer.sendCall(2, keptAs: 7)
    try peer.sendDrop(7)
    try peer.sendDrop(8)
    #expect(try output(peer, 2) == 202_101)
    try peer.sendCall(3, typeName: ledger, KeptLedger(), number: 7)
    #expect(try output(peer, 3) == 101_101, "prepared anew")
  }

  @Test func aPreparationThatThrowsIsNotKept() throws {
    let peer = try Peer(sharesPage: true)
    var task = KeptLedger()
    task.throwing = true
    let before = KeptLedger.preparations.load(ordering: .relaxed)
    for call in [1, 2] as [CallID] {
      try peer.sendCall(call, typeName: ledger, task, number: 7)
      try peer.sendChunk(call, first: 0, [0])
      #expect(try peer.next(skipsReports: false).header.kind == .failure)
    }
    #expect(KeptLedger.preparations.load(ordering: .relaxed) == before + 2)
  }

  /// It would run something else than what was asked for.
  @Test func aTaskThatIsNotThereEndsTheSession() throws {
    let peer = try Peer(sharesPage: true)
    try peer.sendCall(1, keptAs: 7)
    #expect(throws: SystemError.self) { try peer.next() }
  }
}
