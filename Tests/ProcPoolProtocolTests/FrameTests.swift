import ProcPoolWire
import Testing

@testable import ProcPoolProtocol

@Suite struct FramesAreReadAsTheyWereWritten {
  @Test(arguments: FrameKind.allCases) func everyKindOfHeaderSurvives(kind: FrameKind) throws {
    let header = FrameHeader(
      kind, flags: 0xA5, call: CallID(.max - 1), count: 77, first: .max - 2,
      bodyLength: FrameHeader.maximumBodyLength
    )
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: FrameHeader.size, alignment: 8)
    defer { bytes.deallocate() }
    header.store(to: bytes)
    #expect(try FrameHeader(loading: bytes) == header)
  }

  @Test func lengthsPastFourGibibytesAreTold() {
    let header = FrameHeader(.chunk, bodyLength: 5 << 30)
    #expect(header.frameLength == 24 + 5 << 30)
    #expect(FrameHeader(.chunk, bodyLength: (5 << 30) + 1).frameLength == 24 + (5 << 30) + 8)
  }

  @Test func aFrameIsFoundOnlyWhenItIsWhole() throws {
    var writer = WireWriter()
    writer.writeFrame(FrameHeader(.results, call: 3, count: 1, first: 9)) { $0.writeVarint(300) }
    let whole = writer.bytes
    #expect(whole.count == 32)
    for count in 0..<whole.count {
      let part = UnsafeRawBufferPointer(rebasing: whole.prefix(count))
      #expect(try FrameScan.scan(part, limit: 100) == .needs(count < 24 ? 24 : 32))
    }
    let header = FrameHeader(.results, call: 3, count: 1, first: 9, bodyLength: 2)
    #expect(try FrameScan.scan(whole, limit: 100) == .frame(header))
  }
}

@Suite struct StreamsThatAreNoneAreRefused {
  @Test func anUnknownKindIsNamed() {
    let bytes = [UInt8](repeating: 99, count: 24)
    #expect(throws: FrameError.unknownKind(99)) {
      try bytes.withUnsafeBytes { try FrameScan.scan($0, limit: 10) }
    }
  }

  @Test func aBodyLongerThanAllowedIsRefusedBeforeAnyOfItHasCome() {
    var writer = WireWriter()
    writer.writeFrame(FrameHeader(.chunk)) { writer in for _ in 0..<11 { writer.writeByte(0) } }
    let header = UnsafeRawBufferPointer(rebasing: writer.bytes.prefix(24))
    #expect(throws: FrameError.tooLong(bodyLength: 11, limit: 10)) { try FrameScan.scan(header, limit: 10) }
  }

  @Test func aPrintedLineIsRecognisedByItsFirstByte() {
    #expect(throws: FrameError.notProcPool) { try Array("H".utf8).withUnsafeBytes { try Preamble.check($0) } }
  }

  @Test func anotherVersionIsNamed() {
    var bytes = Preamble.bytes
    bytes[5] = 200
    #expect(throws: FrameError.version(200)) { try bytes.withUnsafeBytes { try Preamble.check($0) } }
  }

  @Test func thePreambleIsCompleteAtItsEighthByte() throws {
    for count in 0...8 {
      let isComplete = try Preamble.bytes.prefix(count).withUnsafeBytes { try Preamble.check($0) }
      #expect(isComplete == (count == 8))
    }
  }
}

@Suite struct MessagesSurviveAndTruncatedOnesAreErrors {
  private let hello: Hello = {
    var hello = Hello(worker: 3, coordinator: 4711, abilities: .process, maximumBody: 1 << 40)
    hello.pollingTime = 50_000
    hello.callPollingTime = 70_000
    hello.seed = 77
    hello.itemMark = 1 << 60
    hello.limits = .init(memory: 1 << 30, processorTime: 60, niceness: 5, processors: [0, 3])
    hello.page = .init(descriptor: 9, device: 1, inode: 2, fileSize: 1 << 16, offset: 4096)
    return hello
  }()
  private let report = ErrorReport(
    reason: .threw, typeName: "M.E", message: "it did not work", value: ("1M1EV", [9, 8, 7]))

  private func bytes(_ write: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    write(&writer)
    return [UInt8](writer.bytes)
  }

  private func expectTruncationsFail<Message>(
    _ bytes: [UInt8], _ read: (UnsafeRawBufferPointer) throws -> Message
  ) {
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try bytes.prefix(count).withUnsafeBytes { try read($0) } }
    }
  }

  @Test func helloSurvives() throws {
    let bytes = bytes { hello.write(to: &$0) }
    #expect(try bytes.withUnsafeBytes { try Hello(from: $0) } == hello)
    expectTruncationsFail(bytes) { try Hello(from: $0) }
  }

  @Test func greetingSurvives() throws {
    let greeting = Greeting(pid: 17, abilities: .process, buildID: [5], pageFailure: "no such file")
    let bytes = bytes { greeting.write(to: &$0) }
    #expect(try bytes.withUnsafeBytes { try Greeting(from: $0) } == greeting)
    expectTruncationsFail(bytes) { try Greeting(from: $0) }
  }

  @Test func aBodysLocationSurvivesUnlessItLiesOutside() throws {
    func location(_ offset: Int, _ length: Int) -> [UInt8] {
      let memory = MemoryLocation(descriptor: 9, device: 1, inode: 2, fileSize: 1 << 20, offset: offset)
      return bytes { BodyLocation(memory: memory, length: length).write(to: &$0) }
    }
    let good = location(4096, 1 << 16)
    let read = try good.withUnsafeBytes { try BodyLocation(from: $0) }
    #expect(read.length == 1 << 16 && read.memory.offset == 4096 && read.memory.descriptor == 9)
    expectTruncationsFail(good) { try BodyLocation(from: $0) }
    for (offset, length) in [(0, 1 << 20 + 1), (1 << 20, 1), (-1, 5), (5, -1), (.max, .max), (.min, .max)] {
      #expect(throws: WireError.self) {
        try location(offset, length).withUnsafeBytes { try BodyLocation(from: $0) }
      }
    }
  }

  @Test func aReportWithAStepSurvives() throws {
    for step in [UInt64(0), 1, 1 << 40] {
      var report = report
      report.step = step
      let bytes = bytes { report.write(to: &$0) }
      #expect(try bytes.withUnsafeBytes { try ErrorReport(from: $0) } == report)
    }
  }

  @Test func aReportSurvives() throws {
    let bytes = bytes { report.write(to: &$0) }
    #expect(try bytes.withUnsafeBytes { try ErrorReport(from: $0) } == report)
    expectTruncationsFail(bytes) { try ErrorReport(from: $0) }
  }

  @Test func anUnknownReasonIsRefused() {
    var bytes = bytes { report.write(to: &$0) }
    bytes[0] = 250
    #expect(throws: WireError.self) { try bytes.withUnsafeBytes { try ErrorReport(from: $0) } }
  }
}

@Suite struct ChunksAreCutBetweenItems {
  private let body: [UInt8] = [1, 10, 2, 20, 21, 0, 3, 30, 31, 32]

  @Test func itemsThatSayTheirLength() throws {
    let packing = ItemPacking(stride: 0)
    let lengths = try (0...4).map { count in
      try body.withUnsafeBytes { try packing.length(ofFirst: count, in: $0) }
    }
    #expect(lengths == [0, 2, 5, 6, 10])
    #expect(throws: WireError.self) { try body.withUnsafeBytes { try packing.length(ofFirst: 5, in: $0) } }
  }

  @Test func itemsOfFixedSize() throws {
    let packing = ItemPacking(stride: 5)
    #expect(try body.withUnsafeBytes { try packing.length(ofFirst: 2, in: $0) } == 10)
    #expect(throws: WireError.self) { try body.withUnsafeBytes { try packing.length(ofFirst: 3, in: $0) } }
    #expect(throws: WireError.self) { try body.withUnsafeBytes { try packing.length(ofFirst: .max, in: $0) } }
  }

  @Test func flagsSurvive() {
    for exponent in UInt8(0)...15 {
      for flushes in [false, true] {
        for awaitsCall in [false, true] {
          for polls in [false, true] {
            let flags = ChunkFlags(
              flushes: flushes, claimExponent: exponent, awaitsCall: awaitsCall, polls: polls)
            #expect(ChunkFlags(rawValue: flags.rawValue) == flags)
          }
        }
      }
    }
    #expect(ChunkFlags(flushes: false, claimExponent: 99).claimExponent == 15)
  }
}
