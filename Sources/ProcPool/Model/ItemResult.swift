/// An item's input, its position among the inputs, and its result: what `imapItems` yields.
public struct ItemResult<Input: Sendable, Output: Sendable>: Sendable {
  /// The position of the input, from 0. ``ItemID/index`` of an error is the same.
  public let index: Int
  /// The input, as it was taken from the sequence: it has not travelled.
  public let input: Input
  /// The output, or why there is none.
  public let result: Result<Output, PoolError>
}
