/// Several values as one input, for tasks with more than one argument.
///
///     struct Power: PoolTask {
///       func run(_ input: Arguments<Double, Int>) -> Double {
///         let (base, exponent) = input.values
///         return pow(base, Double(exponent))
///       }
///     }
///
///     try await pool.map(Power(), over: zip(bases, exponents).lazy.map { Arguments($0, $1) })
public struct Arguments<each Value: Codable & Sendable>: Codable, Sendable {
  /// The values, in order.
  public let values: (repeat each Value)

  /// Creates an input with the given values.
  public init(_ values: repeat each Value) {
    self.values = (repeat each values)
  }

  /// Decodes the values in order, from an unkeyed container.
  ///
  /// - Throws: `DecodingError`, or the error that decoding a value throws.
  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    values = (repeat try container.decode((each Value).self))
  }

  /// Encodes the values in order, into an unkeyed container.
  ///
  /// - Throws: `EncodingError`, or the error that encoding a value throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    repeat try container.encode(each values)
  }
}
