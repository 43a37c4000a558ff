/// A span of time. Sums and products saturate: 292 years are as good as infinite.
struct Nanoseconds: Hashable, Comparable, Sendable {
  var count: Int64

  init(_ count: Int64) { self.count = count }
  init(_ duration: Duration) { count = duration.nanoseconds }

  static let zero = Nanoseconds(0)
  static let max = Nanoseconds(.max)

  static func milliseconds(_ count: Int64) -> Nanoseconds { Nanoseconds(count * 1_000_000) }

  static func < (one: Nanoseconds, other: Nanoseconds) -> Bool { one.count < other.count }

  static func + (one: Nanoseconds, other: Nanoseconds) -> Nanoseconds {
    Nanoseconds(one.count.addingSaturating(other.count))
  }

  static func += (one: inout Nanoseconds, other: Nanoseconds) { one = one + other }

  static func - (one: Nanoseconds, other: Nanoseconds) -> Nanoseconds {
    Nanoseconds(one.count - other.count)
  }

  static func -= (one: inout Nanoseconds, other: Nanoseconds) { one = one - other }

  static func * (span: Nanoseconds, factor: Int) -> Nanoseconds {
    Nanoseconds(span.count.multipliedSaturating(by: Int64(factor)))
  }

  static func / (span: Nanoseconds, divisor: Int) -> Nanoseconds {
    Nanoseconds(span.count / Int64(divisor))
  }

  /// A span from an estimate, limited to eleven days so that sums do not overflow.
  init(estimate: Double) { count = Int64(min(estimate, 1e15)) }
}

/// A point in time on the monotonic clock of the machine.
struct Instant: Hashable, Comparable, Sendable {
  /// The nanoseconds since an arbitrary time before the program began.
  var time: Int64

  init(_ time: Int64) { self.time = time }

  /// The time before every other.
  static let start = Instant(0)

  static func < (one: Instant, other: Instant) -> Bool { one.time < other.time }

  static func + (instant: Instant, span: Nanoseconds) -> Instant {
    Instant(instant.time.addingSaturating(span.count))
  }

  static func - (one: Instant, other: Instant) -> Nanoseconds { Nanoseconds(one.time - other.time) }
}
