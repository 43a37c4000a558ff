import Foundation
import ProcPoolWire

/// An error whose `localizedDescription` is its `description`.
///
/// The protocol is declared here because the modules that declare the errors do not import
/// Foundation. `ProcPool` declares their conformances.
public protocol DescribedError: LocalizedError, CustomStringConvertible {}

extension DescribedError {
  /// The description of the error, which `localizedDescription` returns.
  public var errorDescription: String? { description }
}

extension WireError: DescribedError {}
