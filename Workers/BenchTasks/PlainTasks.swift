import Glibc
import ProcPoolWorker

/// Returns its input: the payload is sent in both directions.
public struct Echo: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the payload.
  public func run(_ payload: [UInt8]) -> [UInt8] { payload }
}

/// Adds one: the smallest task whose result shows that it has run.
public struct Increment: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the next number.
  public func run(_ number: Int) -> Int { number &+ 1 }
}

/// Occupies a worker for some time without using a processor.
public struct Sleep: PoolTask {
  var microseconds: Int

  /// Creates a task that sleeps for some microseconds.
  public init(microseconds: Int) { self.microseconds = microseconds }

  /// Creates a task that sleeps for some milliseconds.
  public init(milliseconds: Int) { microseconds = 1_000 * milliseconds }

  /// Sleeps, then returns its input.
  ///
  /// Deliberately blocks the thread: the task represents work that occupies a worker until it ends.
  public func run(_ number: Int) -> Int {
    var wanted = timespec(tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1_000)
    var left = timespec()
    // A signal interrupts the sleep, and `left` is the rest.
    while nanosleep(&wanted, &left) != 0 { wanted = left }
    return number
  }
}

/// Uses a processor for some time.
public struct Spin: PoolTask {
  var microseconds: Int

  /// Creates a task that uses some microseconds of processor time.
  public init(microseconds: Int) { self.microseconds = microseconds }

  /// Computes, then returns its input.
  public func run(_ number: Int) -> Int {
    let end = Self.used() + 1_000 * microseconds
    while Self.used() < end {}
    return number
  }

  /// Nanoseconds of processor time of this thread, which excludes the time of other threads.
  private static func used() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return 1_000_000_000 * time.tv_sec + time.tv_nsec
  }
}

/// Returns the process that runs it.
public struct ProcessNumber: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the worker's process identifier; the input is ignored.
  public func run(_ ignored: Int) -> Int32 { getpid() }
}
