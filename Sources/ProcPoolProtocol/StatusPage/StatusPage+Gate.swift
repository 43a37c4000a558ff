import Synchronization

extension StatusPage {
  /// The word of the gate: 15 bits of epoch, one bit for closed, and 48 bits for the end of the
  /// claimed positions.
  struct Gate: Equatable {
    static let claimedMask: UInt64 = 1 << 48 - 1
    static let closedBit: UInt64 = 1 << 48

    var word: UInt64

    var claimed: UInt64 { word & Self.claimedMask }
    var isClosed: Bool { word & Self.closedBit != 0 }
    var epoch: UInt64 { word >> 49 }

    init(word: UInt64) { self.word = word }
    init(epoch: UInt64, isClosed: Bool, claimed: UInt64) {
      word = (epoch & 0x7FFF) << 49 | (isClosed ? Self.closedBit : 0) | claimed
    }
  }

  private var gateWord: UnsafeMutablePointer<Atomic<UInt64>> { self[PageLayout.gate] }

  /// Claims the next items, unless the coordinator has taken back the unclaimed ones.
  ///
  /// - Returns: whether the items are claimed.
  package func claim(_ count: UInt64) -> Bool {
    var gate = Gate(word: gateWord.pointee.load(ordering: .relaxed))
    while !gate.isClosed {
      let (exchanged, original) = gateWord.pointee.compareExchange(
        expected: gate.word, desired: gate.word + count, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      gate = Gate(word: original)
    }
    return false
  }

  /// Reopens the gate after a take-back, if `epoch` is that of the latest one.
  ///
  /// - Returns: whether the gate is open.
  package func reopen(epoch: UInt64) -> Bool {
    let gate = Gate(word: gateWord.pointee.load(ordering: .acquiring))
    guard gate.epoch == epoch & 0x7FFF else { return false }
    guard gate.isClosed else { return true }
    let open = Gate(epoch: gate.epoch, isClosed: false, claimed: gate.claimed)
    return gateWord.pointee.compareExchange(
      expected: gate.word, desired: open.word, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Takes back all items that the worker has not claimed. The next frame to the worker must be a
  /// `resume` frame with the returned epoch.
  ///
  /// - Returns: the position of the first item that was taken back, and the epoch of the gate.
  package func takeBack() -> (position: UInt64, epoch: UInt64) {
    var gate = Gate(word: gateWord.pointee.load(ordering: .relaxed))
    while true {
      let closed = Gate(epoch: gate.epoch + 1, isClosed: true, claimed: gate.claimed)
      let (exchanged, original) = gateWord.pointee.compareExchange(
        expected: gate.word, desired: closed.word, ordering: .acquiringAndReleasing)
      if exchanged { return (closed.claimed, closed.epoch) }
      gate = Gate(word: original)
    }
  }
}
