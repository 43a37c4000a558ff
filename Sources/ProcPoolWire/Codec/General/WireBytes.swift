/// A type that represents a sequence of bytes, such as Foundation's `Data`, and is encoded as one
/// block.
///
/// `Data` is `Codable` as an array of numbers, with one call per byte. A module that imports
/// Foundation can encode it as a block instead:
///
///     extension Data: WireBytes {
///       public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }
///       public func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
///         try withUnsafeBytes(body)
///       }
///     }
///
/// Conform only a type whose `Codable` form is an unkeyed container of `UInt8`. Processes with and
/// without the conformance then understand each other's messages; those without it write larger
/// ones, many times slower.
public protocol WireBytes {
  /// Creates a value with a copy of the bytes.
  init(wireBytes: UnsafeRawBufferPointer)

  /// Calls `body` with the bytes of the value, which are valid until it returns.
  ///
  /// - Throws: the error that `body` throws.
  func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}
