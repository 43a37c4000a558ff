import ProcPoolSystem

/// A fragment of HTML.
struct Markup: Equatable, Sendable, ExpressibleByStringInterpolation {
  var text: String

  /// Creates a fragment from literal HTML.
  init(stringLiteral text: String) { self.text = text }

  /// Creates a fragment from literal HTML with interpolated values, which are escaped unless they
  /// are markup themselves.
  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    mutating func appendInterpolation(_ number: Int) { text += String(number) }
    /// Two decimals suffice for coordinates and percentages.
    mutating func appendInterpolation(_ number: Double) { text += Units.fixed(number, decimals: 2) }
    mutating func appendInterpolation(_ string: String) { text += Markup.escaped(string) }
  }

  static func + (left: Markup, right: Markup) -> Markup { Markup(stringLiteral: left.text + right.text) }

  static func joined(_ parts: [Markup], by separator: String = "\n") -> Markup {
    Markup(stringLiteral: parts.map(\.text).joined(separator: separator))
  }

  /// Escapes the characters that are special in HTML text or attributes.
  ///
  /// Replaces Unicode scalars, as browsers parse them: a quotation mark with a combining accent
  /// also ends an attribute.
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
