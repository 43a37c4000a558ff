/// Several values as one input: what a task of more than one argument takes.
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

  public init(_ values: repeat each Value) {
    self.values = (repeat each values)
  }

  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    values = (repeat try container.decode((each Value).self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    repeat try container.encode(each values)
  }
}
