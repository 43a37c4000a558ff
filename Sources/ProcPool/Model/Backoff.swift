import ProcPoolSystem

/// How often an item whose task throws is started again, and after which pauses.
///
///     let images = try await pool.map(
///       Render(), over: scenes,
///       backoff: .exponential(from: .milliseconds(100), to: .seconds(10), maximumAttempts: 5))
///
/// For tasks that fail because something that they need is missing for the moment, such as a server. An item that
/// pauses waits in the coordinator: its worker runs other items, and the next attempt runs in whichever worker is free.
/// The item fails with the error of the last attempt.
///
/// Only errors that `run` throws count. A lost worker is a matter of ``RetryPolicy``, which has attempts of its own, and
/// errors of `prepare`, or in encoding and decoding, are final. The task can see which attempt it is, of both kinds
/// together: `TaskContext.attempt`.
public struct Backoff: Hashable, Sendable {
  /// The pause before the second attempt.
  public let initial: Duration
  /// The longest pause.
  public let maximum: Duration
  /// By how much a pause is longer than the one before it. At least 1.
  public let factor: Double
  /// The part of a pause, from 0 to 1, that is random, so that items that failed together do not come back together:
  /// with 0.25, a pause of 4 seconds is one of 3 to 4 seconds.
  public let jitter: Double
  /// How often an item is started at most, the first time included. At least 1.
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

  /// Pauses that are all alike.
  public static func constant(_ pause: Duration, jitter: Double = 0, maximumAttempts: Int) -> Backoff {
    Backoff(initial: pause, maximum: pause, factor: 1, jitter: jitter, maximumAttempts: maximumAttempts)
  }
}

extension Backoff {
  /// How long to pause after so many attempts that threw, in nanoseconds.
  ///
  /// - Parameter random: from 0 up to 1; decides on the part of the pause that is random.
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
