import ProcPoolSystem
import Testing

@testable import ProcPool

@Suite struct WorkersAreCountedFromTheirPlacement {
  @Test(arguments: [1, 2, 8, 1_000])
  func alone(processors: Int) {
    #expect(WorkerPlacement.automatic.count(processors: processors) == processors)
    #expect(WorkerPlacement.automatic(2...16).count(processors: processors) == min(max(processors, 2), 16))
    #expect(WorkerPlacement.local(5).count(processors: processors) == 5)
    #expect(7.placement.count(processors: processors) == 7)
  }

  @Test func added() {
    #expect((.local(4) + .local(2) as WorkerPlacement).count(processors: 8) == 6)
    #expect((2 + .automatic as WorkerPlacement).count(processors: 8) == 10)
    #expect((.local(.max) + .local(1) as WorkerPlacement).count(processors: 8) == nil)
  }

  @Test func whetherTheCallerAskedForTheNumberIsKnown() throws {
    let allowance = ProcessorAllowance(affinity: 8, quota: nil)
    #expect(try PoolSizing(.local(3), allowance: allowance).isExplicit)
    #expect(try !PoolSizing(.automatic(1...4), allowance: allowance).isExplicit)
    #expect(try !PoolSizing(2 + .automatic, allowance: allowance).isExplicit)
    #expect(try PoolSizing(.automatic(1...4), allowance: allowance).workers == 4)
  }

  @Test(arguments: [.local(0), .local(-1), .local(65_537), .local(.max) + .local(.max), .automatic(0...0)])
  func whatMakesNoSenseIsRefused(_ placement: WorkerPlacement) {
    #expect(throws: WorkerStartFailure.self) { try PoolSizing(placement) }
  }
}

@Suite struct AmountsOfMemory {
  @Test func areInBytesAndSaturate() {
    #expect(ByteCount.bytes(7).bytes == 7)
    #expect(ByteCount.kibibytes(3).bytes == 3_072)
    #expect(ByteCount.mebibytes(64) == .bytes(1 << 26))
    #expect(ByteCount.gibibytes(-1).bytes == -(1 << 30))
    #expect(ByteCount.gibibytes(.max).bytes == .max && ByteCount.kibibytes(.min).bytes == .min)
    #expect(ByteCount.kibibytes(1) < .bytes(1_025))
  }

  @Test(arguments: [
    (0, "0 bytes"), (1, "1 byte"), (1_000, "1000 bytes"), (1_024, "1 KiB"), (1_536 << 20, "1536 MiB"),
    (64 << 30, "64 GiB"), (-2_048, "-2 KiB"), (.max, "9223372036854775807 bytes"),
  ])
  func describeThemselvesExactly(bytes: Int, text: String) {
    #expect("\(ByteCount.bytes(bytes))" == text)
  }
}
