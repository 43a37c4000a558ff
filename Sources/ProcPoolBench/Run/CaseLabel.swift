/// The name of a computation: a case that `--case` accepts, and one of its variants.
struct CaseLabel: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// One of ``ScenarioName/cases``.
  var name: String

  /// The type of the numbers, or the part of the case; empty if the case has a single variant.
  var variant: String

  /// Whether it is part of another case, measured separately for the cost of its strategies.
  var isPart: Bool

  init(_ name: String, _ variant: String = "", isPart: Bool = false) {
    self.name = name
    self.variant = variant
    self.isPart = isPart
  }

  init(stringLiteral name: String) { self.init(name) }

  /// The label in tables.
  var description: String { variant.isEmpty ? name : "\(name), \(variant)" }
}
