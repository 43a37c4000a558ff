import ProcPoolProtocol
import ProcPoolWire
import Testing

@testable import ProcPool

/// Chunks that are moved about together are still chunks: each has a frame of its own, and any of their items
/// can be sent again without the others.
@Suite struct ChunksThatGoTogether {
  /// The items of each frame, by its first.
  private func frames(of slice: InputSlice) throws -> [UInt64: [Int]] {
    var frames: [UInt64: [Int]] = [:]
    var place = slice.start
    while place < slice.end {
      let header = try FrameHeader(loading: slice.memory.base + place)
      let body = UnsafeRawBufferPointer(
        start: slice.memory.base + place + FrameHeader.size, count: header.bodyLength)
      #expect(header.kind == .chunk)
      frames[header.first] = (0..<Int(header.count)).map {
        body.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self)
      }
      place += header.frameLength
    }
    #expect(frames.count == slice.frameCount)
    return frames
  }

  private func chunks(of items: Range<Int>, size: Int, together: Int) -> [Chunk<InputSlice>] {
    var writer = ChunkWriter<Int>(
      codec: .resolve(), call: 1, first: UInt64(items.lowerBound),
      ChunkLimits(items: size, isAutomatic: false, maximumBody: 1 << 20))
    Array(items).withUnsafeBufferPointer { writer.append(block: $0) }
    return writer.finish(together: together)
  }

  @Test func eachIsAFrameOfItsOwn() throws {
    let chunks = chunks(of: 0..<10, size: 3, together: 7)
    #expect(chunks.map(\.first) == [0, 6])
    #expect(chunks.map(\.count) == [6, 4])
    #expect(try frames(of: chunks[0].payload) == [0: [0, 1, 2], 3: [3, 4, 5]])
    #expect(try frames(of: chunks[1].payload) == [6: [6, 7, 8], 9: [9]])
  }

  @Test func longOnesStayAlone() {
    #expect(chunks(of: 0..<3, size: 1, together: 1).map(\.count) == [1, 1, 1])
    // A body of 64 KiB, which a worker may find in memory.
    #expect(chunks(of: 0..<16384, size: 8192, together: 16384).map(\.count) == [8192, 8192])
  }

  @Test func allThatGoTogetherIsBounded() {
    let chunks = chunks(of: 0..<100_000, size: 100, together: .max)
    #expect(chunks.allSatisfy { $0.payload.byteCount <= Pacing.chunkBytes })
    #expect(chunks.count < 10)
    #expect(chunks.reduce(0) { $0 + $1.count } == 100_000)
  }

  @Test(arguments: [0..<10, 2..<5, 3..<6, 7..<8, 9..<10])
  func anyOfTheirItemsCanBeSentAgain(_ range: Range<Int>) throws {
    let chunk = chunks(of: 100..<110, size: 3, together: 10)[0]
    let part = chunk.payload.items(range)
    let items = try frames(of: part).sorted { $0.key < $1.key }
    #expect(items.flatMap(\.value) == range.map { 100 + $0 })
    #expect(items.first?.key == UInt64(100 + range.lowerBound))
    #expect(items.allSatisfy { Int($0.key) == $0.value[0] })
  }

  @Test func eachIsToldWhatTheyAreAllTold() throws {
    let slice = chunks(of: 0..<6, size: 2, together: 6)[0].payload
    let hint = ChunkHint(flushes: true, claimExponent: 5, polls: true)
    for isLast in [false, true] {
      if isLast { slice.noteAwaitsCall() }
      slice.note(hint)
      var place = slice.start
      for _ in 0..<3 {
        let header = try FrameHeader(loading: slice.memory.base + place)
        let flags = ChunkFlags(flushes: true, claimExponent: 5, awaitsCall: isLast, polls: true)
        #expect(ChunkFlags(rawValue: header.flags) == flags)
        place += header.frameLength
      }
    }
  }
}
