import ProcPoolSystem

/// How long the caller's own code (a sequence, an encoder, a decoder) runs in a loop of the library before the
/// loop is left to see what has happened meanwhile: results that have come, workers that have nothing to do, a
/// cancellation, the deadline.
///
/// A look costs some nanoseconds (``CoarseClock``), so that loops look after every element, and a sequence
/// that takes long is noticed at its first slow element.
@usableFromInline
struct TimeSlice: Sendable {
  private let end: Int64

  /// A millisecond: a hundred times what it costs to leave a loop and come back, and what no caller notices.
  /// Nanoseconds.
  private static let length: Int64 = 1_000_000

  init() { end = CoarseClock.now() + Self.length }

  /// A slice that never ends.
  static let endless = TimeSlice(end: .max)

  private init(end: Int64) { self.end = end }

  @usableFromInline var isOver: Bool { CoarseClock.now() >= end }
}
