/// A kind of strategy, by how workers receive their data.
enum Strategy: String, CaseIterable, Sendable {
  /// A plain loop in the coordinator.
  case serial
  /// Workers receive their data in messages.
  case message
  /// Workers read their data in shared memory.
  case shared

  /// The kind of a measured strategy; `nil` for other work of the coordinator, such as the plain
  /// copies with which payloads are compared.
  init?(of key: MeasurementKey) {
    switch key.strategy {
    case Measurement.serial: self = .serial
    case _ where key.workers == 0: return nil
    case let name where name.hasPrefix("shared") || name.contains("in-place"): self = .shared
    default: self = .message
    }
  }

  /// The name in a sentence.
  var name: String {
    switch self {
    case .serial: "a plain loop"
    case .message: "messages"
    case .shared: "shared memory"
    }
  }
}

extension ScenarioName {
  /// Whether the cases of the scenario are computed by several kinds of strategy, which can be
  /// ranked.
  var comparesStrategies: Bool { [.matmul, .partialSums, .payload, .sleep].contains(self) }
}
