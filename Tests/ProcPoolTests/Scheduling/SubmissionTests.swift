import Testing

@testable import ProcPool

/// How much a caller hands over: whatever its limits are, a call that has nothing under way gets something.
@Suite struct ACallThatHasNothingUnderWayGetsSomething {
  private static let limits = [1, 2, 131_072, .max]
  private static let sizes = [nil, 1, 64, 1000, 131_073, Pacing.maximumChunk]

  private func submission(
    items: Int? = nil, chunkSize: Int?, limit: Int, held: Int = 0, inPool: Int = 0, most: Int = .max
  ) -> Submission {
    Submission(
      Demand(items: items ?? 2 * (chunkSize ?? 1), chunkSize: chunkSize ?? 5, together: 1),
      chunkSize: chunkSize, .init(limit: limit, held: held, inPool: inPool), workers: 2, most: most)
  }

  @Test(arguments: limits, sizes) func whateverTheLimit(_ limit: Int, _ chunkSize: Int?) {
    for most in [1, 100, .max] {
      let submission = submission(chunkSize: chunkSize, limit: limit, most: most)
      #expect(submission.count >= submission.chunkSize && submission.chunkSize >= 1)
      if let chunkSize { #expect(submission.chunkSize == chunkSize) }
    }
  }

  @Test(arguments: limits, sizes) func butNoMoreThanItMayHaveUnderWay(_ limit: Int, _ chunkSize: Int?) {
    for (held, inPool) in [(1, 0), (0, 1), (3, 4)] {
      let count = submission(chunkSize: chunkSize, limit: limit, held: held, inPool: inPool).count
      #expect(count <= max(0, limit - held - inPool))
      #expect(count % (chunkSize ?? 1) == 0)
    }
  }

  @Test func chunksAreSmallerTowardsTheEnd() {
    let submission = Submission(
      Demand(items: 1000, chunkSize: 500, together: 1), chunkSize: nil,
      .init(limit: .max, held: 0, inPool: 0, remaining: 40), workers: 2)
    #expect(submission == Submission(count: 1000, chunkSize: 10))
  }

  @Test func nothingIsHandedOverWithoutAnAppetite() {
    #expect(submission(items: 0, chunkSize: 4, limit: .max) == .none)
  }
}

extension Submission {
  fileprivate init(count: Int, chunkSize: Int) {
    self = .none
    self.count = count
    self.chunkSize = chunkSize
  }
}
