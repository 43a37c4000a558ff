// Items that wait in a worker behind an item of another call, though a worker has nothing to do.
//
// A worker gets some work before it has ended what it has, by an estimate of how long that takes. One item
// can take longer than all estimates, and for ever: other calls must not wait for that.

extension Scheduler {
  /// How long nothing may be heard from a worker before it gets no more, and others relieve it: three times
  /// the longest interval at which results are fetched from busy workers, 64 ms. With less, one that computes
  /// and has not written its results yet would be taken for one that is held up (measured: a tenth of the
  /// items per second). Nanoseconds.
  static var longestSilence: Int64 { 200_000_000 }

  /// Whether the worker has been at the same item, by all that is known, for longer than what it was given
  /// should take.
  func isHeldUp(_ index: Int, now: Int64) -> Bool {
    !places[index].queue.isEmpty && now - places[index].lastProgress >= Self.longestSilence
  }

  /// Whether another call's items are before the worker than those of this call.
  func isBehindAnotherCall(_ call: UInt32, at index: Int) -> Bool {
    places[index].queue.first.map { $0.call != call } ?? false
  }

  /// Takes back from workers that are held up what they have of other calls, if another worker has nothing to
  /// do.
  ///
  /// Only then, and only if there is another call: the one that holds them up has to wait in any case. With
  /// what is other calls' comes back what it has not begun itself.
  ///
  /// - Complexity: O(workers), and O(chunks) for each that is held up.
  mutating func relieve(now: Int64) {
    let hasFreeWorker = places.indices.contains {
      places[$0].state == .ready && places[$0].queue.isEmpty && !isRetiring($0)
    }
    guard hasFreeWorker else { return }
    for index in places.indices
    where places[index].state == .ready && places[index].canGiveBack && isHeldUp(index, now: now) {
      let front = places[index].queue.first!.call
      if places[index].queue.contains(where: { $0.call != front && $0.seat == nil }) {
        actions.append(.takeBack(place: index))
      }
    }
  }
}
