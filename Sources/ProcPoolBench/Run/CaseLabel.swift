/// What is computed: a case that `--case` accepts, and which of its variants.
struct CaseLabel: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// One of ``ScenarioName/cases``.
  var name: String

  /// The type of the numbers, or the part of the whole; empty where a case has one variant only.
  var variant: String

  /// Whether it is a part of another case, measured for what its strategies cost by themselves.
  var isPart: Bool

  init(_ name: String, _ variant: String = "", isPart: Bool = false) {
    self.name = name
    self.variant = variant
    self.isPart = isPart
  }

  init(stringLiteral name: String) { self.init(name) }

  /// As it stands in tables.
  var description: String { variant.isEmpty ? name : "\(name), \(variant)" }
}
