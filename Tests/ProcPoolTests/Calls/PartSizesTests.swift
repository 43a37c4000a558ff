import Testing

@testable import ProcPool

/// Where the parts of a reduction are.
@Suite struct PartsAreDecidedByTheInputsAlone {
  private func parts(_ sizes: ReductionParts, upTo inputs: UInt64) -> [Range<UInt64>] {
    var cursor = PartCursor(sizes)
    var parts: [Range<UInt64>] = []
    while parts.last?.upperBound ?? 0 < inputs {
      let (start, size) = cursor.next()
      parts.append(start..<start + UInt64(size))
    }
    return parts
  }

  @Test(arguments: [1, 2, 3, 255, 256, 257, 1000, 1_000_003], [1, 2, 7, 256, 2000])
  func evenPartsCoverAllInputsOnce(_ inputs: Int, _ count: Int) {
    let sizes = ReductionParts(inputs: inputs, parts: count)
    let parts = parts(sizes, upTo: UInt64(inputs))
    #expect(parts.count == min(inputs, count))
    #expect(parts.last?.upperBound == UInt64(inputs))
    let lengths = Set(parts.map(\.count))
    #expect(lengths.max()! - lengths.min()! <= 1)
    for (number, part) in parts.enumerated() { #expect(sizes.start(of: UInt64(number)) == part.lowerBound) }
  }

  @Test func asManyInputsAsAnIntCanCountAreDivided() {
    let sizes = ReductionParts(inputs: .max, parts: 256)
    #expect(sizes.start(of: 256) == UInt64(Int.max))
    #expect(sizes.size(ofPart: 255, from: sizes.start(of: 255)) == Int.max / 256 + 1)
  }

  @Test(arguments: [1, 4, 256]) func growingPartsAreAPartOfWhatWasBefore(_ count: Int) {
    let sizes = ReductionParts(inputs: nil, parts: count)
    let parts = parts(sizes, upTo: 3_000_000)
    for (number, part) in parts.enumerated() {
      #expect(part.count == min(4096, max(1, Int(part.lowerBound) / count)))
      if number % 97 == 0 { #expect(sizes.start(of: UInt64(number)) == part.lowerBound) }
    }
  }

  @Test func intervalsReachTheLastIntegerOfTheirType() {
    let sizes = ReductionParts(inputs: 256, parts: 3)
    let parts = Array(IntervalParts<Int8>(from: -128, sizes: sizes))
    #expect(parts.count == 3)
    #expect(parts.flatMap { $0.inputs.map(Int.init) } == Array(-128...127))
  }
}
