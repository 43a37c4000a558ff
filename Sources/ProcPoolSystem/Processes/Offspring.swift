import CProcPoolShims
import Glibc
import Synchronization

/// The processes that the tasks of a worker have started, and their descendants.
///
/// They have a mark that every process inherits from its parent, whatever program it runs: the soft
/// limit of `RLIMIT_LOCKS`, which Linux has not used since 2.4.25. A program that must outlive the
/// worker starts a session of its own (`setsid`).
package enum Offspring {
  /// Creates a mark that is unique to a worker.
  package static func makeMark() -> UInt64 {
    // Far above any actual limit, and below the value for no limit.
    .random(in: 1 << 40..<1 << 62)
  }

  /// Marks the calling process, and thereby the processes that it starts. Workers call it first. If
  /// it fails, only the process group of the worker can be found.
  package static func mark(_ mark: UInt64) {
    if procpool_set_mark(mark) == 0 { own.store(mark, ordering: .relaxed) }
  }

  /// The mark of this process; 0 if it has none of its own. An inherited mark belongs to another
  /// worker.
  private static let own = Atomic<UInt64>(0)

  /// Kills the offspring of the calling process.
  package static func killOwn() {
    let mark = own.load(ordering: .relaxed)
    if mark != 0 { kill(of: getpid(), mark: mark, session: getsid(0)) }
  }

  /// Kills the offspring of a worker that has ended, or that does not end. Without `/proc` none is
  /// found.
  ///
  /// - Parameters:
  ///   - worker: the process ID of the worker, which is not killed.
  ///   - session: the session in which the worker was started. Processes in other sessions are not
  ///     killed, except in a session that the worker leads.
  /// - Complexity: O(*n*) in the number of processes of the machine, half a microsecond each.
  package static func kill(of worker: Int32, mark: UInt64, session: Int32) {
    func belongs(_ pid: Int32) -> Bool {
      guard pid != worker, procpool_mark_of(pid) == mark else { return false }
      let its = getsid(pid)
      return its == session || its == worker
    }
    // Limited, because processes may start others as fast as they are killed.
    for _ in 0..<maximumRounds {
      var isFound = false
      for pid in NumberFolder.entries("/proc") where belongs(pid) {
        // Checked again with a pidfd, because the number could have been reused.
        guard let process = try? ProcessDescriptor(pid: pid), belongs(pid), process.isRunning,
          (try? process.send(signal: SIGKILL, pid: pid)) != nil
        else { continue }
        isFound = true
        // Wait for its end, because a dying process still has its mark.
        _ = try? process.descriptor.waitUntilReady(for: Int16(POLLIN), milliseconds: 100)
      }
      if !isFound { return }
    }
  }

  private static let maximumRounds = 16
}

/// A record of a call of `exit`, in a word of shared memory.
package enum ExitNote {
  /// Makes the calling process record a call of `exit`.
  ///
  /// - Parameters:
  ///   - word: receives `base` plus the status, unless another value has been written to it; valid
  ///     as long as the process lives.
  package static func keep(
    in word: UnsafeMutablePointer<Atomic<Int32>>, from base: Int32
  ) throws(SystemError) {
    let place = UnsafeMutableRawPointer(word).assumingMemoryBound(to: Int32.self)
    // Fails only if there is no memory.
    if procpool_note_exit(place, base) != 0 { throw SystemError(call: "on_exit", code: ENOMEM) }
  }
}

extension ProcessDescriptor {
  /// Kills the process group that the process leads or has led. This also works when the process
  /// has ended and was reaped: while the group exists, its number is not reused.
  package func killGroup(pid: Int32) {
    if attempt(.signalGroup, { procpool_pidfd_signal_group(descriptor.number, SIGKILL) }) == 0 { return }
    // For older kernels, and for seccomp profiles that deny the call.
    if errno != ESRCH { _ = Glibc.kill(-pid, SIGKILL) }
  }
}
