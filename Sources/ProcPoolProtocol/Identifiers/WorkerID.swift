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
