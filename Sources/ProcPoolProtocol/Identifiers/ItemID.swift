/// The identity of an item: its call, and its position in that call. Unique within a pool.
public struct ItemID: Hashable, Sendable, Encodable, CustomStringConvertible {
  /// The call.
  public let call: CallID
  /// The position of the item's input among the inputs of its call, from 0.
  public let index: Int

  /// Creates the ID of the item at a position, counted from 0, of a call.
  public init(call: CallID, index: Int) {
    self.call = call
    self.index = index
  }

  /// The ID as messages have it: "item 7 of call 2".
  public var description: String { "item \(index) of \(call)" }
}
