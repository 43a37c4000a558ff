import ProcPoolWorker

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An output, and how long it took to make.
public struct Timed<Value: Codable & Sendable>: Codable, Sendable {
  /// What was made.
  public var value: Value
  /// Wall-clock time, in nanoseconds.
  public var nanoseconds: Int

  init(_ make: () -> Value) {
    let start = Self.now()
    value = make()
    nanoseconds = Self.now() - start
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return 1_000_000_000 * time.tv_sec + time.tv_nsec
  }
}

/// One row of a picture of the Mandelbrot set: rows that meet the set take a thousand times as long as others.
public struct MandelbrotRow: PoolTask {
  var width: Int
  var height: Int
  var limit: Int

  /// Creates a task for the rows of a picture, whose points are given up after `limit` steps.
  public init(width: Int, height: Int, limit: Int) {
    self.width = width
    self.height = height
    self.limit = limit
  }

  /// How many steps all points of the row take together to leave the circle around 0 of radius 2.
  public func steps(in row: Int) -> Int {
    let y = 2.4 * (Double(row) + 0.5) / Double(height) - 1.2
    var steps = 0
    for column in 0..<width {
      let x = 3.2 * (Double(column) + 0.5) / Double(width) - 2.2
      var (real, imaginary) = (0.0, 0.0)
      var left = limit
      while left > 0, real * real + imaginary * imaginary <= 4 {
        (real, imaginary) = (real * real - imaginary * imaginary + x, 2 * real * imaginary + y)
        left -= 1
      }
      steps += limit - left
    }
    return steps
  }

  /// As ``steps(in:)``, with the time.
  public func run(_ row: Int) -> Timed<Int> { Timed { steps(in: row) } }
}

/// Sleeps for as many microseconds as the input says, and returns that, with the time.
public struct SleepFor: PoolTask {
  /// Creates the task.
  public init() {}

  /// Sleeps.
  public func run(_ microseconds: Int) -> Timed<Int> {
    Timed { Sleep(microseconds: microseconds).run(microseconds) }
  }
}
