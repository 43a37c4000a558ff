/// An item's input, its position among the inputs, and its result: what `imapItems` yields.
public struct ItemResult<Input: Sendable, Output: Sendable>: Sendable {
  /// The position of the input, from 0. ``ItemID/index`` of an error is the same.
  public let index: Int
  /// The input as it was taken from the sequence; it was not encoded.
  public let input: Input
  /// The output, or the error of the item.
  public let result: Result<Output, PoolError>
}
