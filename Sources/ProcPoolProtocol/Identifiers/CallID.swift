/// The number of a call within its pool, counted from 1 in the order in which calls begin.
public struct CallID: Hashable, Sendable, Encodable, Comparable, CustomStringConvertible,
  ExpressibleByIntegerLiteral
{
  /// The number; 0 for no call.
  public let number: UInt32

  /// Creates the ID of the call with a number.
  public init(_ number: UInt32) { self.number = number }

  /// Creates the ID of the call with a number.
  public init(integerLiteral number: UInt32) { self.init(number) }

  /// Hashes the number alone, as `UInt32` does: a hasher for a structure takes three times as long, and an application
  /// looks up its call two dozen times.
  @inlinable public func _rawHashValue(seed: Int) -> Int { number._rawHashValue(seed: seed) }

  /// Encodes the ID as a number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(number)
  }

  /// Orders calls by the order in which they began.
  public static func < (one: CallID, other: CallID) -> Bool { one.number < other.number }

  /// The ID as messages have it: "call 3".
  public var description: String { "call \(number)" }
}
