/// A finding of a scenario other than the time of a strategy.
struct Figure: Equatable, Sendable {
  var name: String
  /// `nil` if the scenario has no such number.
  var value: Double?
  var unit: String
  /// The finding in words.
  var text: String
}
