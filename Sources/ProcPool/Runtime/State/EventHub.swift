/// The listeners of a pool's events.
struct EventHub {
  private var listeners: [UInt64: PoolEvents.Continuation] = [:]
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { listeners.isEmpty }
  var all: [PoolEvents.Continuation] { Array(listeners.values) }

  /// - Returns: the listener's number.
  mutating func add(_ listener: PoolEvents.Continuation) -> UInt64 {
    lastNumber += 1
    listeners[lastNumber] = listener
    return lastNumber
  }

  mutating func remove(_ number: UInt64) { listeners[number] = nil }

  mutating func removeAll() -> [PoolEvents.Continuation] {
    defer { listeners = [:] }
    return all
  }
}
