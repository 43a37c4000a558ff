/// One item of one call, unique within a pool.
public struct ItemID: Hashable, Sendable, CustomStringConvertible {
  /// The number of the call, counted from 1 over the pool's life.
  public let call: UInt32
  /// The position of the item's input among the inputs of its call, from 0.
  public let index: Int

  public init(call: UInt32, index: Int) {
    self.call = call
    self.index = index
  }

  public var description: String { "item \(index) of call \(call)" }
}
