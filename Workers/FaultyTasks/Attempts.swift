import Glibc
import ProcPool

/// Kills its worker at some items, as long as an attempt comes before a given one; returns the attempt.
package struct DieBeforeAttempt: PoolTask {
  package var attempt: Int
  package var items: Set<Int>
  package init(_ attempt: Int, items: Set<Int>) {
    self.attempt = attempt
    self.items = items
  }

  package func run(_ input: Int) -> Int {
    let attempt = TaskContext.current!.attempt
    if items.contains(input), attempt < self.attempt { Death.signal(SIGKILL).perform() }
    return attempt
  }
}

/// Throws at some items, as long as an attempt comes before a given one; returns the attempt. Notes what it runs.
package struct ThrowBeforeAttempt: PoolTask {
  package var attempt: Int
  package var items: Set<Int>
  package var path: String?
  package init(_ attempt: Int, items: Set<Int>, path: String? = nil) {
    self.attempt = attempt
    self.items = items
    self.path = path
  }

  package func run(_ input: Int) throws -> Int {
    if let path { Note(path: path).run(input) }
    let attempt = TaskContext.current!.attempt
    if items.contains(input), attempt < self.attempt { throw Misfit(value: input) }
    return attempt
  }
}

/// Adds up its inputs, but throws in the first attempt at one of them.
package struct ThrowingSum: ReducingTask {
  package var item: Int
  package init(throwingAt item: Int) { self.item = item }

  package func run(_ input: Int) throws -> Int {
    if input == item, TaskContext.current!.attempt == 1 { throw Misfit(value: input) }
    return input
  }

  package func combine(_ next: Int, into total: inout Int) { total += next }
}

/// Adds up which attempt at which item this is, but kills its worker in the first attempt at one of them.
package struct AttemptSum: ReducingTask {
  package var item: Int
  package init(dyingAt item: Int) { self.item = item }

  package func run(_ input: Int) -> Int {
    let attempt = TaskContext.current!.attempt
    if input == item, attempt == 1 { Death.signal(SIGKILL).perform() }
    return input
  }

  package func combine(_ output: Int, into total: inout Int) { total += output }
}

/// Takes too long in its first attempt; returns the attempt.
package struct SleepInFirstAttempt: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) -> Int {
    let attempt = TaskContext.current!.attempt
    if attempt == 1 { pause(milliseconds: milliseconds) }
    return attempt
  }
}

/// Goes on for up to so many milliseconds, in some way, and notes how it ended.
package struct Persist: PoolTask {
  package enum Way: String, Codable, Sendable, CaseIterable {
    /// Awaits something that ends when the Swift task is cancelled.
    case awaits
    /// Awaits a child of its own that does.
    case awaitsChild
    /// Computes, and looks whether it is cancelled.
    case looks
    /// Blocks its thread.
    case blocks
    /// Blocks its thread, and wants to hear nothing of `SIGTERM`.
    case resists
  }

  package var way: Way
  package var path: String
  package init(_ way: Way, noting path: String) {
    self.way = way
    self.path = path
  }

  package func run(_ milliseconds: Int) async throws -> Int {
    note("began")
    do {
      try await persist(milliseconds)
      note(TaskContext.isCancelled ? "cancelled" : "ended")
    } catch {
      note(error is CancellationError ? "cancelled" : "threw")
      throw error
    }
    return milliseconds
  }

  private func persist(_ milliseconds: Int) async throws {
    switch way {
    case .awaits: try await Task.sleep(for: .milliseconds(milliseconds))
    case .awaitsChild:
      async let child: Void = Task.sleep(for: .milliseconds(milliseconds))
      try await child
    case .looks:
      let end = ContinuousClock.now + .milliseconds(milliseconds)
      while ContinuousClock.now < end, !TaskContext.isCancelled {}
    case .blocks: pause(milliseconds: milliseconds)
    case .resists:
      signal(SIGTERM, SIG_IGN)
      pause(milliseconds: milliseconds)
    }
  }

  private func note(_ line: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    _ = (line + "\n").withCString { write(file, $0, strlen($0)) }
    close(file)
  }
}
