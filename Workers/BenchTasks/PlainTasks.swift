import ProcPoolWorker

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Gives back what it gets: the payload travels both ways.
public struct Echo: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the payload.
  public func run(_ payload: [UInt8]) -> [UInt8] { payload }
}

/// Adds one: the smallest task whose result shows that it ran.
public struct Increment: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the next number.
  public func run(_ number: Int) -> Int { number &+ 1 }
}

/// Occupies a worker for some time without using a processor.
public struct Sleep: PoolTask {
  var milliseconds: Int

  /// Creates a task that sleeps for some milliseconds.
  public init(milliseconds: Int) { self.milliseconds = milliseconds }

  /// Sleeps, then returns its input.
  ///
  /// The thread is blocked on purpose: the task stands for work that keeps a worker busy, and frees it only
  /// at its end.
  public func run(_ number: Int) -> Int {
    var wanted = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
    var left = timespec()
    // A signal cuts a sleep short and leaves the rest.
    while nanosleep(&wanted, &left) != 0 { wanted = left }
    return number
  }
}

/// Says which process runs it.
public struct ProcessNumber: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the number of the worker's process; the input says nothing.
  public func run(_ ignored: Int) -> Int32 { getpid() }
}
