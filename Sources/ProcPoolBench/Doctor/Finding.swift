import ProcPoolSystem

/// What the doctor says about one thing.
public struct Finding: Equatable, Sendable {
  /// Whether something has to be done.
  public enum Level: String, Sendable {
    /// Nothing has to be done.
    case ok
    /// Pools work, and could do better.
    case warning
    /// Pools do not work, or only small ones do.
    case problem
  }

  /// Whether something has to be done.
  public var level: Level
  /// What it is about.
  public var name: String
  /// What was found.
  public var fact: String
  /// What can be done about it; empty where nothing need be.
  public var remedy: String

  /// What is all right.
  init(_ name: String, _ fact: String) { self.init(name, .ok, fact, remedy: "") }

  init(_ name: String, _ level: Level, _ fact: String, remedy: String) {
    self.level = level
    self.name = name
    self.fact = fact
    self.remedy = remedy
  }
}

/// What the doctor found on a machine.
public struct Diagnosis: Sendable {
  /// The findings, in the order in which they are printed.
  public let findings: [Finding]

  /// Whether pools do not work here as they should.
  public var hasProblem: Bool { findings.contains { $0.level == .problem } }

  /// A line for each finding, and what can be done below those that are not all right.
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
      // The sign is coloured after the lines are broken, by how long they look.
      // Facts may quote what a worker, a file's name or the kernel says.
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
        ? "Everything is as it should be."
        : "\(Self.number(problems, "problem")), \(Self.number(warnings, "warning")).")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func number(_ count: Int, _ name: String) -> String {
    "\(count == 0 ? "no" : "\(count)") \(name)\(count == 1 ? "" : "s")"
  }

  /// The same for other programs, with a line break at the end.
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
