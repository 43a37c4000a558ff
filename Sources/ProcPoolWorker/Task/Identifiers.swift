/// One of a pool's workers: its place in the pool, which it shares with those that replace it.
public struct WorkerID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 0 for the pool's first place.
  public let index: Int

  public init(index: Int) {
    self.index = index
  }

  public static func < (one: WorkerID, other: WorkerID) -> Bool { one.index < other.index }

  public var description: String { "worker \(index)" }
}

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
