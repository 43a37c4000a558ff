import Glibc
import Synchronization

extension StatusPage {
  /// What a worker says itself about how it ends. The kernel's status counts more, but may have been taken by another
  /// part of the program, and does not say why.
  package enum LastAct: Equatable, Sendable {
    /// It has crashed by a signal for which Swift's runtime prints a report: it may take a while from there to the
    /// worker's end, which may have another cause.
    case crashed(signal: Int32)
    /// It has called `exit`.
    case exited(status: Int32)
    /// The serving thread has ended: by `pthread_exit`, for example.
    case lostThread
  }

  /// The first of the numbers that stand for an exit status: numbers below are signals.
  package static let exitBase: Int32 = 1 << 16
  private static let lostThread: Int32 = 1 << 17

  package var lastAct: LastAct? {
    // A task may write anywhere: a number without a meaning counts as none.
    switch lastActWord.pointee.load(ordering: .relaxed) {
    case Self.lostThread: .lostThread
    case let word where Self.exitBase..<Self.exitBase + 256 ~= word: .exited(status: word - Self.exitBase)
    case let word where [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP].contains(word):
      .crashed(signal: word)
    default: nil
    }
  }

  /// Whether it has crashed, and ends after its report.
  package var hasCrashed: Bool { if case .crashed? = lastAct { true } else { false } }

  package var lastActWord: UnsafeMutablePointer<Atomic<Int32>> { self[PageLayout.lastAct] }

  package func noteLostThread() { lastActWord.pointee.store(Self.lostThread, ordering: .relaxed) }
}
