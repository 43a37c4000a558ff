import ProcPoolSystem
import Synchronization

/// Tells whether the kernel has killed anybody for want of memory since it was last asked.
final class MemoryKills: Sendable {
  private let known = Mutex(OutOfMemoryKills.count())

  /// Whose memory ran out since the last time, if any did.
  func advance() -> LikelyCause.MemoryLimit? {
    let counts = OutOfMemoryKills.count()
    return known.withLock { known in
      defer { known = counts }
      if let before = known.group, let now = counts.group, now > before { return .controlGroup }
      if let before = known.machine, let now = counts.machine, now > before { return .machine }
      return nil
    }
  }
}
