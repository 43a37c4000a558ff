import ProcPoolProtocol
import ProcPoolSystem

// The encoding of a pool's statistics, events and explanations for logs and dashboards. Durations
// are numbers of seconds, workers are their numbers, and the end of a process and its cause are
// sentences.

extension KeyedEncodingContainer {
  /// Used by the synthesised conformances instead of a duration's own encoding as two integers.
  mutating func encode(_ duration: Duration, forKey key: Key) throws {
    try encode(duration / .seconds(1), forKey: key)
  }

  mutating func encodeIfPresent(_ duration: Duration?, forKey key: Key) throws {
    try encodeIfPresent(duration.map { $0 / .seconds(1) }, forKey: key)
  }
}

extension LikelyCause: Encodable {
  /// Encodes the description.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension ProcessEnd: Encodable {
  /// Encodes the description.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Encodes an object with the name of the event, its time in seconds since 1970, and its values. In
/// JSON: `{"event": "workerStarted", "time": 1767225600.25, "worker": 0, "pid": 4711}`.
extension PoolEvent: Encodable {
  private enum CodingKeys: String, CodingKey {
    case event, time, worker, pid, item, attempt, reason, elapsed, stack, loss, failure
  }

  /// Encodes a flat object.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(timeSince1970, forKey: .time)
    switch kind {
    case .workerStarted(let worker, let pid):
      try container.encode("workerStarted", forKey: .event)
      try container.encode(worker, forKey: .worker)
      try container.encode(pid, forKey: .pid)
    case .workerFailedToStart(let worker, let failure):
      try container.encode("workerFailedToStart", forKey: .event)
      try container.encode(worker, forKey: .worker)
      try container.encode(failure, forKey: .failure)
    case .workerLost(let loss, let item):
      try container.encode("workerLost", forKey: .event)
      try container.encode(loss.worker, forKey: .worker)
      try container.encode(loss, forKey: .loss)
      try container.encodeIfPresent(item, forKey: .item)
    case .workerRecycled(let worker, let reason):
      try container.encode("workerRecycled", forKey: .event)
      try container.encode(worker, forKey: .worker)
      try container.encode(reason, forKey: .reason)
    case .itemRetried(let item, let attempt):
      try container.encode("itemRetried", forKey: .event)
      try container.encode(item, forKey: .item)
      try container.encode(attempt, forKey: .attempt)
    case .itemStalled(let item, let worker, let elapsed, let stack):
      try container.encode("itemStalled", forKey: .event)
      try container.encode(item, forKey: .item)
      try container.encode(worker, forKey: .worker)
      try container.encode(elapsed, forKey: .elapsed)
      try container.encode(stack, forKey: .stack)
    case .failed(let failure):
      try container.encode("failed", forKey: .event)
      try container.encode(failure, forKey: .failure)
    }
  }
}
