import Glibc
import ProcPoolWorker

/// An output, and the time of computing it.
public struct Timed<Value: Codable & Sendable>: Codable, Sendable {
  /// The output.
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

/// One row of an image of the Mandelbrot set. Rows that meet the set take a thousand times as long
/// as others.
public struct MandelbrotRow: PoolTask {
  var width: Int
  var height: Int
  var limit: Int

  /// Creates a task for the rows of an image. Points count as inside the set after `limit` steps.
  public init(width: Int, height: Int, limit: Int) {
    self.width = width
    self.height = height
    self.limit = limit
  }

  /// Returns the total number of steps that the points of the row take to leave the circle around 0
  /// of radius 2.
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

  /// Returns ``steps(in:)`` with the time.
  public func run(_ row: Int) -> Timed<Int> { Timed { steps(in: row) } }
}

/// Sleeps for a number of microseconds, and returns the number with the time.
public struct SleepFor: PoolTask {
  /// Creates the task.
  public init() {}

  /// Sleeps.
  public func run(_ microseconds: Int) -> Timed<Int> {
    Timed { Sleep(microseconds: microseconds).run(microseconds) }
  }
}
