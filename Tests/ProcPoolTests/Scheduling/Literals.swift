// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
import ProcPoolProtocol

// Numbers in tests of the scheduler. The product names what it counts; a test may say "worker 2" by a literal.

#if !ONE_MODULE
  @testable import ProcPool
#endif

extension PlaceID: ExpressibleByIntegerLiteral {
  public init(integerLiteral index: Int) { self.init(index: index) }
}

extension ItemIndex: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: UInt64) { self.init(value) }
}

extension Instant: ExpressibleByIntegerLiteral {
  public init(integerLiteral time: Int64) { self.init(time) }
}

extension Nanoseconds: ExpressibleByIntegerLiteral {
  public init(integerLiteral count: Int64) { self.init(count) }
}

extension WorkerID: ExpressibleByIntegerLiteral {
  public init(integerLiteral index: Int) { self.init(index: index) }
}
