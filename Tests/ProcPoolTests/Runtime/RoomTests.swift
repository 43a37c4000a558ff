import ProcPoolProtocol
import ProcPoolWire
import Testing

@testable import ProcPool

/// What a worker says of its room is believed only where it adds up.
@Suite struct ResultsInARoom {
  private let lane = PayloadMemory(named: "procpool-test", workers: 1)

  /// A chunk with a room, in which a frame of results with a body of 8 bytes begins at byte 64.
  private func chunk() throws -> InputSlice {
    var writer = ChunkWriter<Int>(
      codec: .resolve(), call: 7, first: 0, ChunkLimits(items: 1, isAutomatic: false, maximumBody: 1 << 10))
    writer.append(1)
    var slice = writer.finish()[0].payload
    slice.room = lane.room(forOutputs: 1, of: 100_000)
    let place = try #require(slice.room).segment.mapping.base + 64
    FrameHeader(.results, call: 7, count: 1, first: 0, bodyLength: 8).store(to: place)
    place.storeBytes(of: 41, toByteOffset: FrameHeader.size, as: Int.self)
    return slice
  }

  private func results(_ slice: InputSlice, offset: Int, length: Int) -> (
    header: FrameHeader, body: OutputSlice
  )? {
    var writer = WireWriter()
    IndirectFrame(offset: offset, length: length).write(to: &writer)
    return slice.results(at: writer.bytes)
  }

  @Test func aFrameIsFoundWhereItIsSaidToBe() throws {
    let slice = try chunk()
    let found = try #require(results(slice, offset: 64, length: 32))
    #expect(found.header == FrameHeader(.results, call: 7, count: 1, first: 0, bodyLength: 8))
    #expect(found.body.bytes.load(as: Int.self) == 41)
  }

  @Test(arguments: [
    (63, 32), (72, 32), (64, 31), (64, 33), (64, 23), (0, 32), (-8, 32), (64, -1), (64, .max), (.max, 32),
    (1 << 40, 32), (1 << 22, 24), ((1 << 22) - 8, 32),
  ])
  func whatDoesNotAddUpIsNoFrame(offset: Int, length: Int) throws {
    #expect(results(try chunk(), offset: offset, length: length) == nil)
  }

  @Test func withoutARoomThereIsNothing() throws {
    var slice = try chunk()
    slice.room = nil
    #expect(results(slice, offset: 64, length: 32) == nil)
    // Parts of the chunk may be in another worker.
    #expect(try chunk().items(0..<1).room == nil)
  }

  @Test func theMemoryIsGivenOutAgainWhenNobodyHasIt() throws {
    var first: PayloadMemory.Loan? = lane.room(forOutputs: 1, of: 100_000)
    let base = try #require(first).segment.mapping.base
    let second = try #require(lane.room(forOutputs: 1, of: 100_000))
    #expect(second.segment.mapping.base != base)
    first = nil
    #expect(lane.room(forOutputs: 1, of: 100_000)?.segment.mapping.base == base)
  }

  @Test func whatIsShortGoesThroughThePipe() {
    #expect(lane.room(forOutputs: 1, of: PayloadMemory.shortest - 1) == nil)
    #expect(lane.room(forOutputs: 1, of: 1 << 40) == nil)
    #expect(lane.room(forOutputs: .max, of: 1 << 20) == nil)
    lane.close()
    #expect(lane.room(forOutputs: 1, of: 100_000) == nil)
  }
}
