/// The place of a worker in its pool. A replacement keeps the ID of the worker that it replaces.
public struct WorkerID: Hashable, Sendable, Encodable, Comparable, CustomStringConvertible {
  /// The position of the worker in its pool, from 0.
  public let index: Int

  /// Creates the ID of the worker at a position, counted from 0.
  public init(index: Int) {
    self.index = index
  }

  /// Encodes the ID as a number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(index)
  }

  /// Orders workers by their position.
  public static func < (one: WorkerID, other: WorkerID) -> Bool { one.index < other.index }

  /// The ID as messages have it: "worker 3".
  public var description: String { "worker \(index)" }
}
