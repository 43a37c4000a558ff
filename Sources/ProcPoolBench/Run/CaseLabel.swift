/// What is computed: a case that `--case` accepts, and which of its variants.
struct CaseLabel: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// One of ``ScenarioName/cases``.
  var name: String

  /// The type of the numbers, or the part of the whole; empty where a case has one variant only.
  var variant: String

  init(_ name: String, _ variant: String = "") {
    self.name = name
    self.variant = variant
  }

  init(stringLiteral name: String) { self.init(name) }

  /// As it stands in tables.
  var description: String { variant.isEmpty ? name : "\(name), \(variant)" }
}
