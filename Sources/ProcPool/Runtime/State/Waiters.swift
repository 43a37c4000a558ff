/// Callers that wait for something other than news of a call.
struct Waiters {
  /// Callers in `submit`, until fewer calls are pending.
  private var submitters = Deque<UnsafeContinuation<Void, Never>>()
  /// Callers in `join`, until the pool has ended.
  private var joiners: [UnsafeContinuation<Void, Never>] = []

  mutating func add(submitter: UnsafeContinuation<Void, Never>) { submitters.append(submitter) }
  mutating func add(joiner: UnsafeContinuation<Void, Never>) { joiners.append(joiner) }

  mutating func nextSubmitter() -> UnsafeContinuation<Void, Never>? { submitters.popFirst() }

  mutating func takeSubmitters() -> [UnsafeContinuation<Void, Never>] {
    defer { submitters = Deque() }
    return Array(submitters)
  }

  mutating func takeJoiners() -> [UnsafeContinuation<Void, Never>] {
    defer { joiners = [] }
    return joiners
  }
}
