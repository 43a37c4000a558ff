/// What an error says of itself by `LocalizedError`, for programs that do not know whether Foundation is there.
///
/// A worker without Foundation starts in two milliseconds, so this module must not bring it along. But where a
/// task throws a `LocalizedError`, the task's own module has. The protocol is therefore looked up by its name,
/// and an error that conforms to it is seen as an `Alike`: a protocol with the same requirements in the same
/// order, which is what calls through a protocol go by.
package enum LocalizedDescription {
  /// The `errorDescription` of an error that is a `LocalizedError` and has one.
  package static func of(_ error: any Error) -> String? {
    guard let localized else { return nil }
    func describe<Existential>(_: Existential.Type) -> String? {
      // The cast looks up whether the error's type conforms, and the runtime remembers that.
      guard MemoryLayout<Existential>.size == MemoryLayout<any Alike>.size, let error = error as? Existential
      else { return nil }
      // Safety: `localized` has the same layout as `any Alike`: one protocol, with the same kinds of
      // requirements, and so the same witness table.
      return withUnsafePointer(to: error) {
        UnsafeRawPointer($0).assumingMemoryBound(to: (any Alike).self).pointee.errorDescription
      }
    }
    return _openExistential(localized, do: describe)
  }

  /// `errorDescription`, or else what is printed of the error, without the addresses by which Swift tells private types
  /// apart: they differ in every process.
  package static func words(for error: any Error) -> String {
    of(error) ?? TypeName.withoutAddresses("\(error)")
  }

  /// Foundation's protocol as of Swift 6: what is declared here is never conformed to.
  private protocol Alike: Error {
    var errorDescription: String? { get }
    var failureReason: String? { get }
    var recoverySuggestion: String? { get }
    var helpAnchor: String? { get }
  }

  /// `any LocalizedError`, if this program has it, and it is what it is taken for.
  private static let localized: Any.Type? = {
    // In swift-corelibs-foundation before Swift 6 it was in the module Foundation.
    for module in ["20FoundationEssentials", "10Foundation"] {
      guard let type = _typeByName("\(module)14LocalizedError_p") else { continue }
      return requirements(of: type) == requirements(of: (any Alike).self) ? type : nil
    }
    return nil
  }()

  /// The kinds of what a protocol requires, in order, from the runtime's description of an existential type; `nil`
  /// if that is not one of a single protocol.
  ///
  /// The layouts are of Swift's stable ABI (`swift/ABI/Metadata.h`): of an existential type's metadata, a kind,
  /// flags, the number of protocols and pointers to their descriptors; of a descriptor, three words for its name
  /// and place, the numbers of requirements in its signature and of its own, a reference to names of associated
  /// types, then the signature's requirements of 12 bytes each and its own of 8, which begin with their flags.
  private static func requirements(of type: Any.Type) -> [UInt32]? {
    let metadata = unsafeBitCast(type, to: UnsafeRawPointer.self)
    guard metadata.load(as: Int.self) == 0x303, metadata.load(fromByteOffset: 12, as: UInt32.self) == 1 else {
      return nil
    }
    let descriptor = metadata.load(fromByteOffset: 16, as: UnsafeRawPointer.self)
    let inSignature = Int(descriptor.load(fromByteOffset: 12, as: UInt32.self))
    let count = Int(descriptor.load(fromByteOffset: 16, as: UInt32.self))
    let first = descriptor + 24 + 12 * inSignature
    return (0..<count).map { (first + 8 * $0).load(as: UInt32.self) }
  }
}
