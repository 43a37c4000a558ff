/// A kind of strategy, by the way in which workers get their data.
enum Strategy: String, CaseIterable, Sendable {
  /// A plain loop in the coordinator.
  case serial
  /// Workers receive their data in messages.
  case message
  /// Workers read their data in shared memory.
  case shared

  /// The kind of a measured strategy; `nil` for work of the coordinator other than the serial loop, such as the bare
  /// copies that payloads are compared with.
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
  /// Whether its cases are computed by several kinds of strategies, one of which is the fastest.
  var comparesStrategies: Bool { [.matmul, .partialSums, .payload, .sleep].contains(self) }
}
