import Glibc
import ProcPool

/// What one worker has seen of a call so far.
package struct Tally: Codable, Sendable, Equatable {
  package var pid: Int32
  package var worker: Int
  /// Calls of `prepare`, for this task value in this worker.
  package var prepared: Int
  /// Items, this one included.
  package var items: Int
  package var item: Int
}

/// Something that neither can be encoded nor sent to another thread.
final class Counter {
  var prepared = 0
  var items = 0
}

/// Counts, in what `prepare` has built.
package struct Count: PoolTask {
  // A machine that is busy may make any preparation take long enough to be kept.
  package static var isKept: Bool { false }
  @WorkerLocal var counter: Counter
  package var milliseconds: Int
  package init(milliseconds: Int = 0) { self.milliseconds = milliseconds }

  package mutating func prepare() async throws {
    counter = Counter()
    counter.prepared += 1
  }

  package func run(_ input: Int) -> Tally {
    if milliseconds > 0 { pause(milliseconds: milliseconds) }
    counter.items += 1
    return Tally(
      pid: getpid(), worker: TaskContext.current!.worker.index, prepared: counter.prepared,
      items: counter.items,
      item: input)
  }
}

/// Adds up what it is given: its state lives as long as the call does.
package struct Accumulate: PoolTask {
  package var sum: Int
  package init(startingAt sum: Int = 0) { self.sum = sum }
  package mutating func run(_ input: Int) -> Int {
    sum += input
    return sum
  }
}

/// Throws before its first item.
package struct Unprepared: PoolTask {
  package init() {}
  package mutating func prepare() throws { throw Misfit(value: -1) }
  package func run(_ input: Int) -> Int { input }
}

/// Ends its worker before its first item.
package struct DeadlyPreparation: PoolTask {
  package init() {}
  package mutating func prepare() { kill(getpid(), SIGKILL) }
  package func run(_ input: Int) -> Int { input }
}
