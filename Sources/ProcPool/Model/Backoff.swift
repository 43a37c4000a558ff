import ProcPoolSystem

/// The attempts at an item whose task throws, and the pauses between them.
///
///     let images = try await pool.map(
///       Render(), over: scenes,
///       backoff: .exponential(from: .milliseconds(100), to: .seconds(10), maximumAttempts: 5))
///
/// For tasks that fail because a resource, such as a server, is temporarily unavailable. A pausing
/// item waits in the coordinator: its worker runs other items, and the next attempt runs in any
/// free worker. The item fails with the error of the last attempt.
///
/// Only errors that `run` throws count. A lost worker is handled by ``RetryPolicy``, which has
/// separate attempts. Errors of `prepare`, or in encoding and decoding, are final.
/// `TaskContext.attempt` is the number of the attempt, of both kinds together.
public struct Backoff: Hashable, Sendable {
  /// The pause before the second attempt.
  public let initial: Duration
  /// The longest pause.
  public let maximum: Duration
  /// The ratio of a pause to the one before it. At least 1.
  public let factor: Double
  /// The random part of a pause, from 0 to 1, which spreads the attempts of items that failed
  /// together. With 0.25, a pause of 4 seconds takes 3 to 4 seconds.
  public let jitter: Double
  /// The maximum number of attempts, including the first. At least 1.
  public let maximumAttempts: Int

  private init(
    initial: Duration, maximum: Duration, factor: Double, jitter: Double, maximumAttempts: Int
  ) {
    require(initial >= .zero, "a back-off needs a pause that is not negative, unlike \(initial)")
    require(
      maximum >= initial, "a back-off from \(initial) cannot have a maximum of \(maximum), which is less")
    require(factor >= 1, "the factor of a back-off must be at least 1, not \(factor)")
    require((0...1).contains(jitter), "jitter must be from 0 to 1, not \(jitter)")
    require(maximumAttempts >= 1, "maximumAttempts must be at least 1, not \(maximumAttempts)")
    self.initial = initial
    self.maximum = maximum
    self.factor = factor
    self.jitter = jitter
    self.maximumAttempts = maximumAttempts
  }

  /// Pauses that grow by a factor, up to a maximum.
  public static func exponential(
    from initial: Duration, to maximum: Duration, factor: Double = 2, jitter: Double = 0.5,
    maximumAttempts: Int
  ) -> Backoff {
    Backoff(
      initial: initial, maximum: maximum, factor: factor, jitter: jitter, maximumAttempts: maximumAttempts)
  }

  /// Pauses of equal length.
  public static func constant(_ pause: Duration, jitter: Double = 0, maximumAttempts: Int) -> Backoff {
    Backoff(initial: pause, maximum: pause, factor: 1, jitter: jitter, maximumAttempts: maximumAttempts)
  }
}

extension Backoff {
  /// The pause after a number of attempts that threw, in nanoseconds.
  ///
  /// - Parameter random: a number from 0 up to 1, which determines the random part of the pause.
  func pause(after failures: Int, random: Double) -> Int64 {
    let longest = Double(maximum.nanoseconds)
    var pause = Double(initial.nanoseconds)
    if factor > 1 {
      var growths = 1
      while growths < failures, pause > 0, pause < longest {
        pause *= factor
        growths += 1
      }
    }
    return Int64(min(min(pause, longest) * (1 - jitter * random), 9e18))
  }
}
