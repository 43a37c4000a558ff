import ProcPoolProtocol
import ProcPoolWire

// What a worker tells of an error.

extension ErrorReport {
  /// What can be told of `error`: its type, its description, and itself if it is `Codable`; or why not.
  ///
  /// - Parameter message: what comes before the description, if anything does.
  init(_ reason: Reason, _ error: any Error, as message: String? = nil) {
    let words = LocalizedDescription.words(for: error)
    self.init(
      reason: reason, typeName: TypeName.of(type(of: error)),
      message: message.map { "\($0) (\(words))" } ?? words)
    switch Self.encoded(error) {
    case .success(let value): self.value = value
    case .failure(let why): valueFailure = why.words
    }
  }

  private struct Unsendable: Error {
    let words: String
  }

  private static func encoded(
    _ error: any Error
  ) -> Result<(typeName: String, bytes: [UInt8]), Unsendable> {
    guard let codable = error as? any Error & Codable else {
      return .failure(Unsendable(words: notCodable))
    }
    // What cannot be found here by its name cannot be found there.
    guard let name = _mangledTypeName(type(of: error)), _typeByName(name) == type(of: error) else {
      return .failure(
        Unsendable(
          words:
            "its type is private, fileprivate or declared inside a function, so that it cannot be found by its "
            + "name; declare it internal, at the top level or inside a type"))
    }
    do {
      return .success((name, try WireCoding.encode(codable)))
    } catch {
      return .failure(Unsendable(words: "it cannot be encoded: \(LocalizedDescription.words(for: error))"))
    }
  }
}

/// Names of types for people.
package enum TypeName {
  /// The name of a type with its module, without the addresses by which the runtime tells private types apart:
  /// they differ between any two runs.
  package static func of(_ type: Any.Type) -> String { withoutAddresses(String(reflecting: type)) }

  /// Drops each `(unknown context at $7f5618).`.
  static func withoutAddresses(_ name: String) -> String {
    let mark = "(unknown context at $"
    var result = ""
    var rest = name[...]
    while let start = rest.firstIndex(of: "(") {
      result += rest[..<start]
      rest = rest[start...]
      if rest.hasPrefix(mark), let end = rest.firstIndex(of: ")") {
        rest = rest[rest.index(after: end)...]
        if rest.first == "." { rest = rest.dropFirst() }
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result + rest
  }
}
