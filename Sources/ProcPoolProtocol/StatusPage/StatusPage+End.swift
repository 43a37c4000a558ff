import Glibc
import Synchronization

extension StatusPage {
  /// The reason for its end that a worker has noted. The exit status from the kernel takes
  /// precedence, but another part of the program may have taken it, and it does not tell the
  /// reason.
  package enum LastAct: Equatable, Sendable {
    /// The worker has crashed by a signal, and the Swift runtime is writing its report. The process
    /// may end later, and in another way.
    case crashed(signal: Int32)
    /// The worker has called `exit`.
    case exited(status: Int32)
    /// The serving thread has ended, for example by `pthread_exit`.
    case lostThread
  }

  /// The first number that represents an exit status; numbers below are signals.
  package static let exitBase: Int32 = 1 << 16
  private static let lostThread: Int32 = 1 << 17

  package var lastAct: LastAct? {
    // A task may overwrite the page: invalid values are ignored.
    switch lastActWord.pointee.load(ordering: .relaxed) {
    case Self.lostThread: .lostThread
    case let word where Self.exitBase..<Self.exitBase + 256 ~= word: .exited(status: word - Self.exitBase)
    case let word where [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP].contains(word):
      .crashed(signal: word)
    default: nil
    }
  }

  /// Whether the worker has crashed, and ends when its report is written.
  package var hasCrashed: Bool { if case .crashed? = lastAct { true } else { false } }

  package var lastActWord: UnsafeMutablePointer<Atomic<Int32>> { self[PageLayout.lastAct] }

  package func noteLostThread() { lastActWord.pointee.store(Self.lostThread, ordering: .relaxed) }
}
