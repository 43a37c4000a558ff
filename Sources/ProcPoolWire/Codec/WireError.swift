/// A failure to decode bytes or to encode a value.
///
/// `offset` is the position of the problem in bytes from the start of the reader's bytes. For
/// values that are only `Codable` these errors are wrapped in a `DecodingError` or `EncodingError`,
/// which adds the coding path.
public enum WireError: Error, Sendable, Equatable {
  /// The bytes end before the value does: `needed` bytes are needed, `remaining` are left.
  case truncated(needed: Int, remaining: Int, offset: Int)
  /// The bytes are not a valid value. `what` is a phrase such as "a Bool that is neither 0 nor 1".
  case malformed(_ what: String, offset: Int)
  /// The message announces `count` elements or bytes, more than the `remaining` bytes can hold.
  case tooLong(count: UInt64, remaining: Int, offset: Int)
  /// Values are nested more deeply than the stack of this thread, or ``WireLimits/maximumDepth``,
  /// allows. `limit` is the number of levels that were possible. A structure, an object, an array
  /// or a dictionary is one level; a case of an enumeration with a payload is two.
  case tooDeep(limit: Int)
  /// The value was read completely, and this number of bytes follows it.
  case trailingBytes(Int, offset: Int)
}

extension WireError: CustomStringConvertible {
  /// The problem as a sentence.
  public var description: String {
    switch self {
    case .truncated(let needed, let remaining, let offset):
      return
        "The message ends too early: \(needed) bytes are needed at offset \(offset), \(remaining) are left."
    case .malformed(let what, let offset):
      return "The message is malformed at offset \(offset): \(what)."
    case .tooLong(let count, let remaining, let offset):
      return
        "The message announces \(count) elements at offset \(offset), but only \(remaining) bytes are left."
    case .tooDeep(let limit):
      let reason =
        limit < WireLimits.maximumDepth
        ? "the maximum for the stack of this thread" : "the maximum for a message"
      return "Values are nested more than \(limit) levels deep, \(reason)"
        + " (an enumeration's case with a payload is two levels, any other container one)."
    case .trailingBytes(let count, let offset):
      return "The value ends at offset \(offset), but \(count) bytes follow it."
    }
  }
}
