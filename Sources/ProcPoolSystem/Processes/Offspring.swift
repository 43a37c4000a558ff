import CProcPoolShims
import Glibc
import Synchronization

/// The processes that a worker's tasks have started, and their descendants.
///
/// They carry a mark that every process inherits from its parent, whatever program it runs: the soft limit of
/// `RLIMIT_LOCKS`, which Linux has not used since 2.4.25. A program that must outlive the worker starts a
/// session of its own (`setsid`).
package enum Offspring {
  /// A number that no two workers share.
  package static func makeMark() -> UInt64 {
    // Far from what anybody would set as a limit, and below what stands for none.
    .random(in: 1 << 40..<1 << 62)
  }

  /// Marks the calling process, and so whatever it starts from now on. A worker's first act. Where the system refuses,
  /// only the worker's group can be found.
  package static func mark(_ mark: UInt64) {
    if procpool_set_mark(mark) == 0 { own.store(mark, ordering: .relaxed) }
  }

  /// The mark of this process; 0 if it has none of its own. One that it has inherited is its worker's.
  private static let own = Atomic<UInt64>(0)

  /// Kills that of the calling process.
  package static func killOwn() {
    let mark = own.load(ordering: .relaxed)
    if mark != 0 { kill(of: getpid(), mark: mark, session: getsid(0)) }
  }

  /// Kills that of a worker that has ended, or will not end. Without `/proc` none is found.
  ///
  /// - Parameters:
  ///   - worker: its process, which is spared.
  ///   - session: the session that the worker was started in. A process is spared if it is neither in this session
  ///     nor in one that the worker itself leads.
  /// - Complexity: O(n) in the processes of the machine, half a microsecond for each.
  package static func kill(of worker: Int32, mark: UInt64, session: Int32) {
    func belongs(_ pid: Int32) -> Bool {
      guard pid != worker, procpool_mark_of(pid) == mark else { return false }
      let its = getsid(pid)
      return its == session || its == worker
    }
    // Those that start others as fast as they are killed would be seen again and again.
    for _ in 0..<maximumRounds {
      var isFound = false
      for pid in NumberFolder.entries("/proc") where belongs(pid) {
        // Held before it is looked at once more, lest the number be another's by then.
        guard let process = try? ProcessDescriptor(pid: pid), belongs(pid), process.isRunning,
          (try? process.send(signal: SIGKILL, pid: pid)) != nil
        else { continue }
        isFound = true
        // Gone, or as good as: a process that is dying still has its mark.
        _ = try? process.descriptor.waitUntilReady(for: Int16(POLLIN), milliseconds: 100)
      }
      if !isFound { return }
    }
  }

  private static let maximumRounds = 16
}

/// How a process leaves, in a word that others see.
package enum ExitNote {
  /// Has the calling process note it when `exit` is called.
  ///
  /// - Parameters:
  ///   - word: gets `base` plus the status, unless something else has been written to it by then; memory for life.
  package static func keep(
    in word: UnsafeMutablePointer<Atomic<Int32>>, from base: Int32
  ) throws(SystemError) {
    let place = UnsafeMutableRawPointer(word).assumingMemoryBound(to: Int32.self)
    // It fails where there is no memory.
    if procpool_note_exit(place, base) != 0 { throw SystemError(call: "on_exit", code: ENOMEM) }
  }
}

extension ProcessDescriptor {
  /// Kills the group that the process leads, or led: what its tasks have started and not moved elsewhere. Also when
  /// the process has ended and its status has been taken: while the group exists, no other process gets that number.
  package func killGroup(pid: Int32) {
    if attempt(.signalGroup, { procpool_pidfd_signal_group(descriptor.number, SIGKILL) }) == 0 { return }
    // Older kernels, and profiles that refuse it.
    if errno != ESRCH { _ = Glibc.kill(-pid, SIGKILL) }
  }
}
