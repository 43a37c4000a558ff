import ProcPoolSystem

/// The layout of a report as text.
public struct TextStyle: Equatable, Sendable {
  /// The maximum width of a line in terminal columns; `nil` for no limit.
  public var width: Int?
  /// Whether escape sequences colour the text.
  public var hasColour: Bool

  /// Lines of any length without colours, for files and other programs.
  public static let plain = TextStyle(width: nil, hasColour: false)

  /// Creates a style with a line width in columns, or `nil` for any length.
  public init(width: Int?, hasColour: Bool) {
    self.width = width
    self.hasColour = hasColour
  }

  /// A colour or weight, as "Select Graphic Rendition" parameters (ECMA-48).
  enum Tint: String, Equatable, Sendable {
    case title = "1"
    case best = "32"
    case wrong = "1;31"
  }

  func tinted(_ text: String, _ tint: Tint?) -> String {
    guard hasColour, let tint, !text.isEmpty else { return text }
    return "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
  }

  /// Returns a paragraph that begins with a sign. Its further lines are indented by the sign's
  /// width.
  func paragraph(_ text: String, after sign: String) -> String {
    let signWidth = sign.displayWidth
    guard let width, width > signWidth + 20 else { return sign + text }
    let indent = String(repeating: " ", count: signWidth)
    var result = sign
    var column = signWidth
    var isFresh = true
    for word in text.split(separator: " ") {
      // A word may contain a line break: the part before it continues this line, and the part after
      // it begins another.
      let parts = word.split(separator: "\n", omittingEmptySubsequences: false)
      if !isFresh, column + 1 + parts[0].displayWidth > width {
        result += "\n" + indent
        column = signWidth
        isFresh = true
      }
      result += (isFresh ? "" : " ") + word
      column =
        parts.count > 1
        ? parts[parts.count - 1].displayWidth : column + (isFresh ? 0 : 1) + parts[0].displayWidth
      isFresh = false
    }
    return result
  }

  /// Returns a bar that fills a part of `length` characters, with a resolution of an eighth of a
  /// character.
  static func bar(_ share: Double, length: Int) -> String {
    let eighths = max(1, Int((min(1, max(0, share)) * Double(length * 8)).rounded()))
    let rest = eighths % 8
    let last = rest == 0 ? "" : String(UnicodeScalar(0x2590 - UInt32(rest))!)
    return String(repeating: "█", count: eighths / 8) + last
  }
}
