import ProcPoolSystem

/// The time for which a loop of the library runs the caller's own code (a sequence, an encoder, a
/// decoder) before it checks for other events: arrived results, idle workers, a cancellation, the
/// deadline.
///
/// A check costs some nanoseconds (``CoarseClock``), so loops check after every element, and a slow
/// sequence is noticed at its first slow element.
@usableFromInline
struct TimeSlice: Sendable {
  private let end: Int64

  /// A millisecond, in nanoseconds: a hundred times the cost of leaving and re-entering a loop, and
  /// too short for a caller to notice.
  private static let length: Int64 = 1_000_000

  init() { end = CoarseClock.now() + Self.length }

  /// A slice that never ends.
  static let endless = TimeSlice(end: .max)

  private init(end: Int64) { self.end = end }

  @usableFromInline var isOver: Bool { CoarseClock.now() >= end }
}
