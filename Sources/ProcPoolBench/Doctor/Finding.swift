import ProcPoolSystem

/// A finding of the doctor about one aspect of the machine.
public struct Finding: Equatable, Sendable {
  /// The severity of a finding.
  public enum Level: String, Sendable {
    /// No action is needed.
    case ok
    /// Pools work, but not as well as they could.
    case warning
    /// Pools do not work, or only small ones do.
    case problem
  }

  /// The severity.
  public var level: Level
  /// The aspect.
  public var name: String
  /// The fact.
  public var fact: String
  /// The remedy; empty if no action is needed.
  public var remedy: String

  /// Creates a finding that needs no action.
  init(_ name: String, _ fact: String) { self.init(name, .ok, fact, remedy: "") }

  init(_ name: String, _ level: Level, _ fact: String, remedy: String) {
    self.level = level
    self.name = name
    self.fact = fact
    self.remedy = remedy
  }
}

/// The doctor's findings on a machine.
public struct Diagnosis: Sendable {
  /// The findings, in the order in which they are printed.
  public let findings: [Finding]

  /// Whether any finding is a problem.
  public var hasProblem: Bool { findings.contains { $0.level == .problem } }

  /// The findings as text, a line for each, with the remedies below.
  public func text(_ style: TextStyle = .plain) -> String {
    let width = findings.reduce(0) { max($0, $1.name.count) }
    var lines = findings.flatMap { finding -> [String] in
      let (sign, tint): (String, TextStyle.Tint) =
        switch finding.level {
        case .ok: ("ok      ", .best)
        case .warning: ("warning ", .title)
        case .problem: ("problem ", .wrong)
        }
      let head = sign + finding.name + String(repeating: " ", count: width - finding.name.count) + "  "
      // The sign is coloured after the lines are broken, because escape sequences have no width.
      // Facts may quote a worker, a file name or the kernel.
      let text = style.paragraph(finding.fact.visible(keepingLines: true), after: head)
      let line = style.tinted(sign, tint) + text.dropFirst(sign.count)
      return finding.remedy.isEmpty
        ? [line]
        : [
          line,
          style.paragraph(
            finding.remedy.visible(keepingLines: true), after: String(repeating: " ", count: 8) + "→ "),
        ]
    }
    let problems = findings.count { $0.level == .problem }
    let warnings = findings.count { $0.level == .warning }
    lines.append("")
    lines.append(
      problems + warnings == 0
        ? "No problems found."
        : "\(Self.number(problems, "problem")), \(Self.number(warnings, "warning")).")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func number(_ count: Int, _ name: String) -> String {
    "\(count == 0 ? "no" : "\(count)") \(name)\(count == 1 ? "" : "s")"
  }

  /// The findings as JSON for other programs, with a line break at the end.
  public var json: String {
    JSONValue.object([
      ("schema", .integer(1)), ("version", .string(procpoolVersion)),
      (
        "findings",
        .array(
          findings.map {
            .object([
              ("name", .string($0.name)), ("level", .string($0.level.rawValue)), ("fact", .string($0.fact)),
              ("remedy", $0.remedy.isEmpty ? .null : .string($0.remedy)),
            ])
          })
      ),
    ]).text() + "\n"
  }
}
