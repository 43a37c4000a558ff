import ProcPool
import Testing

/// Does something with a pool that must not hang: if it does, that is recorded, and the pool terminated,
/// which ends it.
func withDeadline<Value: Sendable>(
  _ limit: Duration, _ pool: Pool, _ name: @autoclosure @escaping @Sendable () -> String,
  _ body: () async throws -> Value
) async rethrows -> Value {
  let watch = Task {
    do { try await Task.sleep(for: limit) } catch { return }
    Issue.record("\(name()) hangs")
    pool.terminate()
  }
  defer { watch.cancel() }
  return try await body()
}

/// Does something with each element, some of them at once.
func forEachAtOnce<Element: Sendable>(
  _ elements: some Sequence<Element>, atMost width: Int,
  _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    var running = 0
    for element in elements {
      if running == width {
        try await group.next()
      } else {
        running += 1
      }
      group.addTask { try await body(element) }
    }
    try await group.waitForAll()
  }
}
