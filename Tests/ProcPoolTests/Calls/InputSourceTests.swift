import Glibc
import ProcPoolProtocol
import ProcPoolWire
import Testing

@testable import ProcPool

/// Counts what was taken of it, and takes its time for each element.
private final class Slow: Sequence, IteratorProtocol {
  private(set) var taken = 0
  private let count: Int
  /// More than any tick of the kernel's clock, by which time is noticed.
  private let milliseconds: UInt32

  init(_ count: Int, milliseconds: UInt32 = 20) {
    self.count = count
    self.milliseconds = milliseconds
  }

  func next() -> Int? {
    if taken == count { return nil }
    if milliseconds > 0 { usleep(milliseconds * 1000) }
    taken += 1
    return taken - 1
  }
}

/// A collection that says that it has another number of elements than it has.
private struct Liar: RandomAccessCollection {
  let startIndex = 0
  let endIndex: Int
  let elements: Range<Int>
  init(claiming count: Int, having elements: Int) {
    endIndex = count
    self.elements = 0..<elements
  }
  subscript(index: Int) -> Int { index }
  func makeIterator() -> Range<Int>.Iterator { elements.makeIterator() }
}

private struct Slowly: Codable, Sendable {
  var number: Int
  func encode(to encoder: any Encoder) throws {
    usleep(20_000)
    var container = encoder.singleValueContainer()
    try container.encode(number)
  }
}

/// Inputs are taken until they take long.
@Suite struct Inputs {
  private func writer<Input>(
    of _: Input.Type, chunkSize: Int = 1 << 20, isAutomatic: Bool = true
  ) -> ChunkWriter<Input> {
    ChunkWriter(
      codec: .resolve(), call: 1, first: 0,
      ChunkLimits(items: chunkSize, isAutomatic: isAutomatic, maximumBody: 1 << 20))
  }

  private func fill(_ source: inout some InputSource<Int>, count: Int, isBlock: Bool = true) throws -> (
    items: Int, isEarly: Bool
  ) {
    var writer = writer(of: Int.self)
    let isEarly = try source.fill(&writer, count: count, isBlock: isBlock, until: TimeSlice())
    return (Int(writer.next), isEarly)
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func aSlowSequenceIsNoticedAtItsFirstSlowElement(_ isBlock: Bool) throws {
    let inputs = Slow(3)
    var source = SequenceSource<Int>(inputs)
    for taken in 1...3 {
      let (items, isEarly) = try fill(&source, count: 1000, isBlock: isBlock)
      #expect(items == 1 && isEarly && inputs.taken == taken)
    }
    #expect(!source.isExhausted)
    #expect(try fill(&source, count: 1000, isBlock: isBlock) == (0, false))
    #expect(source.isExhausted)
  }

  @Test(.timeLimit(.minutes(5))) func soIsOneThatBecomesSlow() throws {
    let slow = Slow(100)
    var source = SequenceSource<Int>([Array(0..<500), []].lazy.joined().lazy.map { $0 + slow.taken })
    // The time is up, perhaps, but never before an element.
    var taken = 0
    while taken < 500 { taken += try fill(&source, count: 1000).items }
    #expect(taken == 500)
    var later = SequenceSource<Int>(AnySequence { slow })
    #expect(try fill(&later, count: 1000).items == 1)
  }

  @Test func whatIsPromptIsTakenWhole() throws {
    #expect(isPrompt(0..<10) && isPrompt(1...) && isPrompt([1]) && isPrompt(stride(from: 0, to: 9, by: 2)))
    #expect(!isPrompt((0..<10).lazy.map { $0 }) && !isPrompt(AnySequence([1])))
    var ranges = SequenceSource<Int>(0..<2000)
    #expect(try fill(&ranges, count: .max).items == 2000)
    var arrays = ArraySource<Int>(Array(0..<100_000))
    #expect(try fill(&arrays, count: .max) == (100_000, false))
  }

  @Test(.timeLimit(.minutes(5))) func aSlowEncoderIsNoticedToo() throws {
    func check(_ source: some InputSource<Slowly>) throws {
      var source = source
      var writer = writer(of: Slowly.self)
      let isEarly = try source.fill(&writer, count: 1000, isBlock: false, until: TimeSlice())
      #expect(isEarly)
      #expect(writer.next == 1)
    }
    let inputs = (0..<10).map(Slowly.init)
    try check(ArraySource(inputs))
    try check(SequenceSource(inputs))
    try check(PinnedSource(inputs[0], workers: 10))
  }

  @Test(.timeLimit(.minutes(5))) func soIsItAfterAnAsynchronousSequence() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    let inputs = AsyncStream(Slowly.self) { continuation in
      for number in 0..<10 { continuation.yield(Slowly(number: number)) }
      continuation.finish()
    }
    var source = AsyncSource<Slowly>(inputs, capacity: 100) { arrival.yield() }
    var count = 0
    // Ten inputs, and the end.
    for await _ in arrivals {
      count += 1
      if count == 11 { break }
    }
    for taken in 1...10 {
      var writer = writer(of: Slowly.self)
      let isEarly = try source.fill(&writer, count: 1000, isBlock: false, until: TimeSlice())
      #expect(writer.next == 1)
      #expect(isEarly == (taken < 10))
      #expect(source.isExhausted == (taken == 10))
    }
  }

  @Test(.timeLimit(.minutes(5))) func aPartIsGatheredOverTime() throws {
    let inputs = Slow(5)
    var source = PartSource<Int>(CallInputs(inputs), sizes: ReductionParts(inputs: 5, parts: 2))
    var parts: [Int] = []
    for _ in 0..<6 {
      var writer = writer(of: InputPart<Int>.self)
      _ = source.fill(&writer, count: 1000, isBlock: false, until: TimeSlice())
      parts.append(Int(writer.next))
    }
    // Parts of 2 and 3 inputs: the end shows when a sixth is asked for.
    #expect(parts == [0, 1, 0, 0, 1, 0])
    #expect(source.isExhausted)
  }

  @Test(arguments: [-5, 0, 1, 9, 10, 11, 1_000_000, .max]) func aClaimedCountIsNotBelieved(_ claimed: Int)
    throws
  {
    let liar = CallInputs(Liar(claiming: claimed, having: 10))
    var source = SequenceSource<Int>(liar)
    #expect(source.remaining == (claimed < 0 ? nil : claimed))
    var taken = 0
    while !source.isExhausted { taken += try fill(&source, count: .max).items }
    #expect(taken == 10)
    #expect(source.isExhausted && source.remaining ?? 0 == 0)
    var parts = PartSource<Int>(liar, sizes: ReductionParts(inputs: liar.count, parts: 3))
    var writer = writer(of: InputPart<Int>.self)
    while !parts.isExhausted {
      _ = parts.fill(&writer, count: .max, isBlock: false, until: TimeSlice())
    }
    #expect(writer.next >= 1 && writer.next <= 10)
  }

  @Test func whatCannotBeCountedIsAsManyAsCanBe() {
    #expect(CallInputs(0...Int.max).count == .max)
    #expect(CallInputs(Int.min..<Int.max).count == .max)
    #expect(CallInputs(0...UInt64.max).count == .max)
    #expect(CallInputs(0..<Int.max).count == .max)
    #expect(CallInputs(Int8.min...Int8.max).count == 256)
    #expect(CallInputs(sequence(first: 1) { $0 + 1 }).count == nil)
  }
}

/// A chunk of given size waits until it is complete.
@Suite struct AChunkThatIsNotComplete {
  private func items(_ chunks: [Chunk<InputSlice>]) -> [[Int]] {
    chunks.map { chunk in
      let body = chunk.payload.memory.base + chunk.payload.start + FrameHeader.size
      return (0..<chunk.count).map { body.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
    }
  }

  @Test func isTakenOutAndCompletedLater() {
    var writer = ChunkWriter<Int>(
      codec: .resolve(), call: 1, first: 100, ChunkLimits(items: 4, isAutomatic: false, maximumBody: 1 << 20))
    for item in 100..<110 { writer.append(item) }
    #expect(writer.openCount == 2)
    var rest = writer.takeOpen()
    #expect(writer.next == 108 && writer.openCount == 0)
    let chunks = writer.finish()
    #expect(chunks.map(\.first) == [100, 104])
    #expect(items(chunks) == [[100, 101, 102, 103], [104, 105, 106, 107]])
    #expect(rest.openCount == 2 && rest.next == 110)
    for item in 110..<113 { rest.append(item) }
    let later = rest.finish()
    #expect(later.map(\.first) == [108, 112])
    #expect(items(later) == [[108, 109, 110, 111], [112]])
  }

  @Test func mayHaveNoItems() {
    var writer = ChunkWriter<Int>(
      codec: .resolve(), call: 1, first: 0, ChunkLimits(items: 2, isAutomatic: false, maximumBody: 1 << 20))
    writer.append(0)
    writer.append(1)
    var rest = writer.takeOpen()
    #expect(writer.finish().count == 1)
    rest.append(2)
    #expect(rest.finish().map(\.first) == [2])
  }

  @Test func failuresAreToldOnce() {
    struct Unfit: Error {}
    struct Input: Codable, Sendable {
      func encode(to encoder: any Encoder) throws { throw Unfit() }
    }
    var writer = ChunkWriter<Input>(
      codec: .resolve(), call: 1, first: 0, ChunkLimits(items: 2, isAutomatic: false, maximumBody: 1 << 20))
    writer.append(Input())
    #expect(writer.takeFailures().map(\.item) == [0])
    #expect(writer.takeFailures().isEmpty)
  }
}

/// What a collection says of its count is no reason to write anywhere, or to end the program.
@Suite struct RoomForResults {
  @Test func whatCannotFitIsRefused() throws {
    for count in [Int.max, .max / 8, .max / 8 + 1, 1 << 60, 1 << 45] {
      #expect(throws: PoolError.self) {
        try MemoryCheck.requireRoom(for: count, of: Int.self, what: "outputs")
      }
      #expect(throws: PoolError.self) { try MemoryCheck.requireRoom(forPartOf: count, Int.self) }
    }
    #expect(try MemoryCheck.requireRoom(for: 1000, of: Int.self, what: "outputs") == 1000)
    #expect(try MemoryCheck.requireRoom(for: nil, of: Int.self, what: "outputs") == 0)
    try MemoryCheck.requireRoom(forPartOf: 1 << 20, Int.self)
  }

  @Test func theRefusalSaysWhatToDo() {
    let error = #expect(throws: PoolError.self) {
      try MemoryCheck.requireRoom(for: .max, of: Int.self, what: "outputs")
    }
    #expect(
      "\(error!)".hasPrefix("outputs of 8 bytes each for 9223372036854775807 inputs do not fit in the "))
    #expect("\(error!)".contains("`imap`"))
  }

  /// Asked for as claimed, grown as they come, and given back.
  @Test(arguments: [0, 1, 9, 10, 11, 100_000]) func thereIsRoomForAsManyAsCome(_ claimed: Int) {
    check(claimed, outputs: Array(0..<10))
    check(claimed, outputs: (0..<10).map { "\($0)" })
  }

  private func check<Output: Codable & Equatable>(_ claimed: Int, outputs: [Output]) {
    let codec = ItemCodec<Output>.resolve()
    let decoder = OutputDecoder<Output>(.values(codec))
    var storage = OutputStorage<Output>(isBlock: decoder.isBlock)
    storage.reserve(claimed)
    var writer = WireWriter()
    for output in outputs {
      let length = writer.count
      if codec.blockStride == 0 { writer.writeByte(0) }
      try? codec.encode(output, into: &writer)
      if codec.blockStride == 0 { writer.patch(UInt8(writer.count - length - 1), at: length) }
    }
    let memory = ReceivedMemory(capacity: writer.count)
    memory.base.copyMemory(from: writer.bytes.baseAddress!, byteCount: writer.count)
    let slice = OutputSlice(memory: memory, start: 0, count: writer.count)
    let failure = storage.store(0, count: outputs.count, slice, decoder, call: 1, mustStop: { false })
    #expect(failure == nil)
    #expect(storage.finish(outputs.count) == outputs)
  }
}
