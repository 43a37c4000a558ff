/// A number that a scenario found and that is no strategy's time.
struct Figure: Equatable, Sendable {
  var name: String
  /// `nil` where there is no such number.
  var value: Double?
  var unit: String
  /// The whole in words.
  var text: String
}
