/// The `errorDescription` of errors that are `LocalizedError`, without importing Foundation.
///
/// A worker without Foundation starts in two milliseconds, so this module must not link it. If a
/// task throws a `LocalizedError`, the module of the task links Foundation. The protocol is
/// therefore looked up by its name, and a conforming error is treated as an `Alike`: a protocol
/// with the same requirements in the same order, so that its witness tables have the same layout.
package enum LocalizedDescription {
  /// The `errorDescription` of an error that is a `LocalizedError` and has one.
  package static func of(_ error: any Error) -> String? {
    guard let localized else { return nil }
    func describe<Existential>(_: Existential.Type) -> String? {
      // The cast checks whether the type of the error conforms; the runtime caches the result.
      guard MemoryLayout<Existential>.size == MemoryLayout<any Alike>.size, let error = error as? Existential
      else { return nil }
      // Safety: `localized` has the same layout as `any Alike`: one protocol, with the same kinds
      // of requirements, and so the same witness table.
      return withUnsafePointer(to: error) {
        UnsafeRawPointer($0).assumingMemoryBound(to: (any Alike).self).pointee.errorDescription
      }
    }
    return _openExistential(localized, do: describe)
  }

  /// The `errorDescription`, or else the printed error without the addresses by which Swift
  /// distinguishes private types, because they differ between processes.
  package static func words(for error: any Error) -> String {
    of(error) ?? TypeName.withoutAddresses("\(error)")
  }

  /// A copy of the requirements of Foundation's protocol as of Swift 6. No type conforms to it.
  private protocol Alike: Error {
    var errorDescription: String? { get }
    var failureReason: String? { get }
    var recoverySuggestion: String? { get }
    var helpAnchor: String? { get }
  }

  /// `any LocalizedError`, if this program has the protocol with the expected requirements.
  private static let localized: Any.Type? = {
    // Before Swift 6 the protocol was in the module Foundation of swift-corelibs-foundation.
    for module in ["20FoundationEssentials", "10Foundation"] {
      guard let type = _typeByName("\(module)14LocalizedError_p") else { continue }
      return requirements(of: type) == requirements(of: (any Alike).self) ? type : nil
    }
    return nil
  }()

  /// The kinds of a protocol's requirements, in order, from the metadata of an existential type;
  /// `nil` if the type does not consist of a single protocol.
  ///
  /// The layouts are of Swift's stable ABI (`swift/ABI/Metadata.h`): of an existential type's
  /// metadata, a kind, flags, the number of protocols and pointers to their descriptors; of a
  /// descriptor, three words for its name and place, the numbers of requirements in its signature
  /// and of its own, a reference to names of associated types, then the signature's requirements of
  /// 12 bytes each and its own of 8, which begin with their flags.
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
