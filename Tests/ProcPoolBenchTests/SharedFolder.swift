import Synchronization

/// `/dev/shm`, where the doctor's test has a file of its own and chaos reports files that it finds left behind.
enum SharedFolder {
  private static let isTaken = Mutex(false)

  /// Runs `body` while no other test is in here.
  static func alone<Result>(_ body: () async throws -> Result) async throws -> Result {
    func take() -> Bool {
      isTaken.withLock { isTaken in
        defer { isTaken = true }
        return !isTaken
      }
    }
    while !take() { try await Task.sleep(for: .milliseconds(10)) }
    defer { isTaken.withLock { $0 = false } }
    return try await body()
  }
}
