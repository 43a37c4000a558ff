import ProcPoolSystem

/// Text that is HTML.
struct Markup: Equatable, Sendable, ExpressibleByStringInterpolation {
  var text: String

  /// HTML as it stands.
  init(stringLiteral text: String) { self.text = text }

  /// HTML as it stands, with values in it that are escaped unless they are HTML themselves.
  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    mutating func appendInterpolation(_ number: Int) { text += String(number) }
    /// With two decimals: coordinates, and parts of a hundred.
    mutating func appendInterpolation(_ number: Double) { text += Units.fixed(number, decimals: 2) }
    mutating func appendInterpolation(_ string: String) { text += Markup.escaped(string) }
  }

  static func + (left: Markup, right: Markup) -> Markup { Markup(stringLiteral: left.text + right.text) }

  static func joined(_ parts: [Markup], by separator: String = "\n") -> Markup {
    Markup(stringLiteral: parts.map(\.text).joined(separator: separator))
  }

  /// Without the characters that mean something in HTML, in attributes too.
  ///
  /// By scalars, because that is how browsers read: a quotation mark ends an attribute with an accent on it, too.
  static func escaped(_ string: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in string.visible(keepingLines: true).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;".unicodeScalars
      case "<": result += "&lt;".unicodeScalars
      case ">": result += "&gt;".unicodeScalars
      case "\"": result += "&quot;".unicodeScalars
      case "'": result += "&#39;".unicodeScalars
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
