import Synchronization

extension StatusPage {
  /// The phase of the item at the current position.
  package enum Phase: UInt64, Sendable {
    /// Waiting for a frame or reading one; no item is running.
    case idle = 0
    /// Decoding an input, running the item, or encoding its output.
    case running = 1
    /// Decoding the call's task value or running its `prepare`, for the item at this position.
    case preparing = 2
  }

  /// The progress of a worker: everything before `position` is committed.
  package struct Progress: Equatable, Sendable {
    package let position: UInt64
    package let phase: Phase
    /// The running step of the item, if it has steps.
    package let step: UInt64?

    package init(position: UInt64, phase: Phase, step: UInt64? = nil) {
      self.position = position
      self.phase = phase
      self.step = step
    }

    // Two bits of phase below 62 of position. A task may overwrite the page, so every word must be
    // valid.
    init(word: UInt64, step: UInt64? = nil) {
      self.init(position: word >> 2, phase: Phase(rawValue: word & 3) ?? .running, step: step)
    }

    var word: UInt64 { position << 2 | phase.rawValue }
  }

  /// The current progress, or the last one before the worker ended.
  package var progress: Progress {
    Progress(word: self[PageLayout.progress].pointee.load(ordering: .acquiring), step: step)
  }

  /// The running step; `nil` if the item has no steps.
  package var step: UInt64? {
    let word = self[PageLayout.step].pointee.load(ordering: .relaxed)
    return word == 0 ? nil : word - 1
  }

  package func noteNoStep() { self[PageLayout.step].pointee.store(0, ordering: .relaxed) }

  @inlinable
  package func noteRunning(_ position: UInt64) {
    // Phase `running` in the two low bits, as a literal because the raw value of an enumeration is
    // not inlined.
    self[PageLayout.progress].pointee.store(position << 2 | 1, ordering: .releasing)
  }

  package func note(_ phase: Phase, at position: UInt64) {
    self[PageLayout.progress].pointee.store(
      Progress(position: position, phase: phase).word, ordering: .releasing)
  }
}

// MARK: - Cancellation

extension StatusPage {
  /// Cancels the items below a position, and wakes the worker up.
  package func cancel(below position: UInt64) {
    self[PageLayout.cancelled].pointee.store(position, ordering: .releasing)
    wakeUp.signal()
  }

  /// Whether the running item is cancelled.
  package var isCancelled: Bool {
    let progress = progress
    return progress.phase != .idle
      && progress.position < self[PageLayout.cancelled].pointee.load(ordering: .acquiring)
  }
}
