import Glibc
import ProcPool

/// Sleeps for as many milliseconds as its input says, and returns that.
public struct Sleep: PoolTask {
  public init() {}
  public func run(_ milliseconds: Int) -> Int {
    pause(milliseconds: milliseconds)
    return milliseconds
  }
}

/// Uses a processor for as many milliseconds as its input says, and returns that.
public struct Spin: PoolTask {
  public init() {}
  public func run(_ milliseconds: Int) -> Int {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {}
    return milliseconds
  }
}

/// Suspends for as many milliseconds as its input says, without holding its thread, and returns that.
public struct Suspend: PoolTask {
  public init() {}
  public func run(_ milliseconds: Int) async throws -> Int {
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
  }
}

/// Suspends for as many milliseconds as its input says; throws at a negative one.
public struct SleepOrThrow: PoolTask {
  public init() {}
  public func run(_ milliseconds: Int) async throws -> Int {
    if milliseconds < 0 { throw Misfit(value: milliseconds) }
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
  }
}

/// Adds up its inputs, after suspending for a long time at each.
public struct SuspendingSum: ReducingTask {
  public init() {}
  public func run(_ input: Int) async throws -> Int {
    try await Task.sleep(for: .seconds(100))
    return input
  }
  public func combine(_ output: Int, into total: inout Int) { total += output }
}

/// Takes some milliseconds for each item, and returns the item.
public struct Delay: PoolTask {
  public var milliseconds: Int
  public init(milliseconds: Int) { self.milliseconds = milliseconds }
  public func run(_ input: Int) -> Int {
    pause(milliseconds: milliseconds)
    return input
  }
}

/// Notes each item in a file, and takes its time for one of them.
public struct NoteAndPause: PoolTask {
  public var path: String
  public var item: Int
  public var milliseconds: Int
  public init(path: String, item: Int, milliseconds: Int) {
    self.path = path
    self.item = item
    self.milliseconds = milliseconds
  }

  public func run(_ input: Int) -> Int {
    Note(path: path).run(input)
    if input == item { pause(milliseconds: milliseconds) }
    return input
  }
}

/// Notes its item in a file, then waits until the file at `gate` is gone: holds an item for as long as a test
/// wants.
public struct Wait: PoolTask {
  public var gate: String
  public init(gate: String) { self.gate = gate }

  public func run(_ input: Int) -> Int {
    Note(path: gate + ".started").run(input)
    while access(gate, F_OK) == 0 { pause(milliseconds: 2) }
    return input
  }
}

/// Blocks the thread, signals or not.
public func pause(milliseconds: Int) {
  var wanted = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
  var left = timespec()
  while nanosleep(&wanted, &left) != 0 && errno == EINTR { wanted = left }
}
