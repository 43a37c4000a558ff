import ProcPoolProtocol
import ProcPoolWire

// The reports of errors that a worker sends.

extension ErrorReport {
  /// Creates a report of `error` with its type, its description, and its encoded value or the
  /// reason why there is none.
  ///
  /// - Parameter message: a text in front of the description, if any.
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
    // A type that this process cannot look up by name cannot be looked up in the coordinator
    // either.
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

/// The names of types in messages.
package enum TypeName {
  /// The name of a type with its module. Without the addresses by which the runtime distinguishes
  /// private types, because they differ between runs.
  package static func of(_ type: Any.Type) -> String { withoutAddresses(String(reflecting: type)) }

  /// Removes each `(unknown context at $7f5618).`.
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
