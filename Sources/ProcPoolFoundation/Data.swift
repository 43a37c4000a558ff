import Foundation
import ProcPoolWire

/// Encodes `Data` as one block of memory.
///
/// The conformance has a module of its own because neither `ProcPoolWire` nor `ProcPoolWorker`
/// imports Foundation. `ProcPool` re-exports this module; a dedicated worker executable whose tasks
/// use `Data` imports it. A worker without it decodes the same messages through `Codable`, which is
/// slower.
extension Data: WireBytes {
  /// Creates data with a copy of the bytes.
  ///
  /// - Complexity: O(n), one copy.
  public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }

  /// Calls `body` with the bytes of the data, without copying them.
  ///
  /// - Throws: the error that `body` throws.
  public func withWireBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}
