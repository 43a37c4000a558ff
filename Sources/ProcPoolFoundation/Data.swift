import Foundation
import ProcPoolWire

/// `Data` crosses the wire as one block of memory.
///
/// In a module of its own because neither the wire nor a worker's inside knows Foundation. `ProcPool` brings
/// it along; a dedicated worker executable whose tasks use `Data` imports it. One that does not still
/// understands the same messages, only more slowly.
extension Data: WireBytes {
  public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }

  public func withWireBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}
