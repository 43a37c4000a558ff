/// What is wrong with bytes that could not be read, or with a value that could not be written.
///
/// Every case says where in the message it was found, in bytes from the start of what the reader was given.
/// Inside generic `Codable` values these errors arrive wrapped in a `DecodingError` or an `EncodingError`,
/// which adds the coding path.
public enum WireError: Error, Sendable, Equatable {
  /// The bytes end before the value does.
  case truncated(needed: Int, remaining: Int, offset: Int)
  /// The bytes are there but mean nothing; `what` is a phrase such as "a Bool that is neither 0 nor 1".
  case malformed(_ what: String, offset: Int)
  /// A count or length in the message is larger than the bytes that follow could hold.
  case tooLong(count: UInt64, remaining: Int, offset: Int)
  /// Values are nested more deeply than the stack of this thread allows, or than ``WireLimits/maximumDepth``;
  /// `limit` is how many levels there was room for. A structure, an object, an array or a dictionary is a level,
  /// and a case of an enumeration that has a payload is two.
  case tooDeep(limit: Int)
  /// A value was read completely and bytes are left over.
  case trailingBytes(Int, offset: Int)
}

extension WireError: CustomStringConvertible {
  /// A sentence for people.
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
        ? "which is as deep as the stack of this thread allows" : "the most that a message may have"
      return "Values are nested more than \(limit) levels deep, \(reason)"
        + " (an enumeration's case with a payload is two levels, any other container one)."
    case .trailingBytes(let count, let offset):
      return "The value ends at offset \(offset), but \(count) bytes follow it."
    }
  }
}
