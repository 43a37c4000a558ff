import ProcPoolSystem

/// A JSON document that keeps the order of its keys and writes every `null`.
///
/// Foundation's encoder does neither: it reorders keys and omits `nil` values.
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  static func == (left: JSONValue, right: JSONValue) -> Bool { left.text() == right.text() }

  /// A number, or `null` for `nil` and for values that JSON cannot represent: infinities and NaN.
  static func optional(_ value: Double?) -> JSONValue {
    value.map { $0.isFinite ? .number($0) : .null } ?? .null
  }

  static func optional(_ value: Bool?) -> JSONValue { value.map(JSONValue.bool) ?? .null }

  static func optional(_ value: Int?) -> JSONValue { value.map(JSONValue.integer) ?? .null }

  /// Returns the document as text. Values nested deeper than `expanded` levels are written on one
  /// line.
  func text(expanded: Int = 2) -> String {
    var result = ""
    write(to: &result, depth: 0, expanded: expanded)
    return result
  }

  private func write(to text: inout String, depth: Int, expanded: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      Self.write(values, between: ("[", "]"), to: &text, depth: depth, expanded: expanded) { value, text in
        value.write(to: &text, depth: depth + 1, expanded: expanded)
      }
    case .object(let pairs):
      Self.write(pairs, between: ("{", "}"), to: &text, depth: depth, expanded: expanded) { pair, text in
        Self.write(pair.key, to: &text)
        text += ": "
        pair.value.write(to: &text, depth: depth + 1, expanded: expanded)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between brackets: (String, String), to text: inout String, depth: Int,
    expanded: Int,
    element: (Element, inout String) -> Void
  ) {
    let lines = depth < expanded && !elements.isEmpty
    text += brackets.0
    for (index, value) in elements.enumerated() {
      if index > 0 { text += lines ? "," : ", " }
      if lines { text += "\n" + String(repeating: "  ", count: depth + 1) }
      element(value, &text)
    }
    if lines { text += "\n" + String(repeating: "  ", count: depth) }
    text += brackets.1
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      // Also the characters on which terminals act, although JSON would allow most of them.
      case _ where scalar.isActedOn:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
