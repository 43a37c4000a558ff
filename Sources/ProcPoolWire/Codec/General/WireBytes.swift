/// A type that is nothing but a sequence of bytes, such as Foundation's `Data`: moved as one block.
///
/// `Data` is `Codable` as an array of numbers, one call per byte. A module that knows Foundation lets it
/// travel as a block instead:
///
///     extension Data: WireBytes {
///       public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }
///       public func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
///         try withUnsafeBytes(body)
///       }
///     }
///
/// Conform only a type whose `Codable` form is an unkeyed container of `UInt8`: then a process that lacks the
/// conformance reads and writes messages that one with it understands, only larger and many times slower.
public protocol WireBytes {
  /// A value with a copy of these bytes.
  init(wireBytes: UnsafeRawBufferPointer)

  /// Calls `body` with the value's bytes, which are valid until it returns.
  func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}
