import Foundation
import ProcPoolWire

/// An error whose description is for people: what `localizedDescription` says of it, too.
///
/// In this module because it is the one that knows Foundation: the errors of modules that do not know it conform
/// in `ProcPool`, which everybody imports who sees them.
public protocol DescribedError: LocalizedError, CustomStringConvertible {}

extension DescribedError {
  /// The same as `description`.
  public var errorDescription: String? { description }
}

extension WireError: DescribedError {}
