import Glibc
import ProcPool

/// What one worker has seen of a call so far.
public struct Tally: Codable, Sendable, Equatable {
  public var pid: Int32
  public var worker: Int
  /// Calls of `prepare`, for this task value in this worker.
  public var prepared: Int
  /// Items, this one included.
  public var items: Int
  public var item: Int
}

/// Something that neither can be encoded nor sent to another thread.
final class Counter {
  var prepared = 0
  var items = 0
}

/// Counts, in what `prepare` has built.
public struct Count: PoolTask {
  @WorkerLocal var counter: Counter
  public var milliseconds: Int
  public init(milliseconds: Int = 0) { self.milliseconds = milliseconds }

  public mutating func prepare() async throws {
    counter = Counter()
    counter.prepared += 1
  }

  public func run(_ input: Int) -> Tally {
    if milliseconds > 0 { pause(milliseconds: milliseconds) }
    counter.items += 1
    return Tally(
      pid: getpid(), worker: TaskContext.current!.worker.index, prepared: counter.prepared,
      items: counter.items,
      item: input)
  }
}

/// Adds up what it is given: its state lives as long as the call does.
public struct Accumulate: PoolTask {
  public var sum: Int
  public init(startingAt sum: Int = 0) { self.sum = sum }
  public mutating func run(_ input: Int) -> Int {
    sum += input
    return sum
  }
}

/// Throws before its first item.
public struct Unprepared: PoolTask {
  public init() {}
  public mutating func prepare() throws { throw Misfit(value: -1) }
  public func run(_ input: Int) -> Int { input }
}

/// Ends its worker before its first item.
public struct DeadlyPreparation: PoolTask {
  public init() {}
  public mutating func prepare() { kill(getpid(), SIGKILL) }
  public func run(_ input: Int) -> Int { input }
}
