import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import Testing

@testable import ProcPoolWorker

@Suite struct ResultsCanBeReadBeforeTheyAreWritten {
  private final class Setup {
    let page = StatusPage.makePrivate()
    let reading: Descriptor
    let results: ResultBuffer

    init() throws {
      page.reset()
      let ends = try Pipe().relinquish()
      reading = Descriptor(owning: ends.reading)
      results = ResultBuffer(page: page, isShared: true, output: Descriptor(owning: ends.writing))
      try reading.setNonBlocking()
    }

    /// The results buffer as the coordinator would copy it.
    func copy() -> (first: UInt64, count: UInt64, bytes: [UInt8])? {
      var bytes = [UInt8](repeating: 0, count: StatusPage.bufferCapacity)
      guard let (first, count) = bytes.withUnsafeMutableBytes({ page.copyResults(to: $0.baseAddress!) })
      else {
        return nil
      }
      return (first, count, bytes)
    }

    func read() throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 1 << 17)
      guard case .moved(let count) = try bytes.withUnsafeMutableBytes({ try reading.read(into: $0) }) else {
        return []
      }
      return Array(bytes.prefix(count))
    }
  }

  private func add(_ text: String, at position: UInt64, to setup: Setup) throws {
    try setup.results.add(position: position, stride: 0, maximumBody: 1 << 20) { writer in
      Array(text.utf8).withUnsafeBytes { writer.writeBytes($0) }
    }
    setup.page.note(.running, at: position + 1)
  }

  @Test func committedOutputsAreInTheBuffer() throws {
    let setup = try Setup()
    try setup.results.begin(call: 5, first: 40, position: 0)
    #expect(setup.copy() == nil)
    try add("ab", at: 0, to: setup)
    try add("c", at: 1, to: setup)
    let copy = try #require(setup.copy())
    #expect(copy.first == 0 && copy.count == 2)
    let header = try copy.bytes.withUnsafeBytes { try FrameHeader(loading: $0.baseAddress!) }
    #expect(header == FrameHeader(.results, call: 5, count: FrameHeader.openCount, first: 40))
    #expect(Array(copy.bytes[24..<29]) == [2, 97, 98, 1, 99])
    #expect(try setup.read().isEmpty)
  }

  @Test func whatIsWrittenIsNoLongerInTheBuffer() throws {
    let setup = try Setup()
    try setup.results.begin(call: 5, first: 40, position: 0)
    try add("ab", at: 0, to: setup)
    try setup.results.flush(position: 1)
    #expect(setup.copy() == nil)
    let bytes = try setup.read()
    let header = try bytes.withUnsafeBytes { try FrameHeader(loading: $0.baseAddress!) }
    #expect(header == FrameHeader(.results, call: 5, count: 1, first: 40, bodyLength: 3))
    #expect(bytes.count == header.frameLength)
  }

  @Test func consecutiveOutputsShareAFrameAndOthersDoNot() throws {
    let setup = try Setup()
    try setup.results.begin(call: 5, first: 0, position: 0)
    try add("a", at: 0, to: setup)
    try setup.results.begin(call: 5, first: 1, position: 1)
    try add("b", at: 1, to: setup)
    try setup.results.begin(call: 5, first: 7, position: 2)
    try add("c", at: 2, to: setup)
    try setup.results.flush(position: 3)
    let bytes = try setup.read()
    let headers = try bytes.withUnsafeBytes { bytes in
      [try FrameHeader(loading: bytes.baseAddress!), try FrameHeader(loading: bytes.baseAddress! + 32)]
    }
    #expect(headers.map(\.count) == [2, 1])
    #expect(headers.map(\.first) == [0, 7])
  }

  @Test func aLongOutputIsWrittenAtOnceAfterWhatCameBefore() throws {
    let setup = try Setup()
    try setup.results.begin(call: 1, first: 0, position: 0)
    try add("a", at: 0, to: setup)
    let long = String(repeating: "x", count: 20_000)
    try add(long, at: 1, to: setup)
    let bytes = try setup.read()
    let headers = try bytes.withUnsafeBytes { bytes in
      [try FrameHeader(loading: bytes.baseAddress!), try FrameHeader(loading: bytes.baseAddress! + 32)]
    }
    #expect(headers.map(\.first) == [0, 1])
    #expect(headers[1].bodyLength == 20_003)
    #expect(bytes.count == 32 + headers[1].frameLength)
    #expect(setup.copy() == nil)
  }

  @Test func anOutputBeyondTheLimitIsRefusedAndTheNextGoesOn() throws {
    let setup = try Setup()
    try setup.results.begin(call: 1, first: 0, position: 0)
    #expect(throws: OutputTooLong.self) {
      try setup.results.add(position: 0, stride: 0, maximumBody: 1 << 16) { writer in
        _ = writer.appendUninitialized(1 << 16)
      }
    }
    try setup.results.addFailure(
      ErrorReport(reason: .outputUnencodable, typeName: "", message: ""), call: 1, first: 0, count: 1,
      position: 0)
    try add("b", at: 1, to: setup)
    try setup.results.flush(position: 2)
    let kind = try setup.read().withUnsafeBytes { try FrameHeader(loading: $0.baseAddress!).kind }
    #expect(kind == .failure)
  }
}
