import CProcPoolShims
import Glibc
import Synchronization

/// The session of a worker's process: the worker, and what its tasks have started.
///
/// A worker leads a session of its own, so that the programs that its tasks start can be told from all others,
/// also when they lead process groups of their own, as those do that Foundation starts. A program that is meant
/// to outlive the worker starts a session of its own (`setsid`).
public enum ProcessSession {
  /// Makes the calling process the leader of a session, if the system lets it; otherwise it leads its group, as
  /// before. A worker's first act, with signals as they were inherited.
  public static func begin() {
    // Who leads a group, as Foundation's children do, may not begin a session, and so goes into its parent's group
    // for an instant, where it must not take what is meant for that: Ctrl-C, for example. What is ignored does not
    // come later; `WorkerStreams.takeOver` restores what is ignored here.
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] { signal(number, SIG_IGN) }
    if getpgrp() == getpid(), setpgid(0, getpgid(getppid())) != 0 { return }
    if setsid() < 0 { setpgid(0, 0) }
  }

  /// Has the calling process note how it leaves, in a word that others see.
  ///
  /// - Parameters:
  ///   - word: gets `base` plus the status when `exit` is called, unless something else has been written to it by
  ///     then; memory for life.
  public static func noteExit(
    in word: UnsafeMutablePointer<Atomic<Int32>>, from base: Int32
  ) throws(SystemError) {
    let place = UnsafeMutableRawPointer(word).assumingMemoryBound(to: Int32.self)
    // It fails where there is no memory.
    if procpool_note_exit(place, base) != 0 { throw SystemError(call: "on_exit", code: ENOMEM) }
  }

  /// Whether the calling process may have something in its session beside itself: it has children, or had.
  ///
  /// A program whose parent has ended is nobody's child here, but its parent was, and was waited for.
  public static var mayHaveOthers: Bool {
    var info = siginfo_t()
    if waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD { return true }
    var usage = rusage()
    return getrusage(RUSAGE_CHILDREN.rawValue, &usage) != 0 || usage.ru_maxrss > 0
  }

  /// Kills what is left of a session whose leader has ended, or is the calling process, which lives on.
  ///
  /// Without `/proc` it is only the leader's group that can be found.
  ///
  /// - Complexity: O(n) in the processes of the machine, some ten microseconds for each.
  public static func killOthers(ledBy leader: Int32) {
    // Those that start others as fast as they are killed would be seen again and again.
    for _ in 0..<maximumRounds where killOnce(ledBy: leader) {}
  }

  private static let maximumRounds = 16

  /// - Returns: whether any were found that had not ended.
  private static func killOnce(ledBy leader: Int32) -> Bool {
    var isFound = false
    for pid in NumberFolder.entries("/proc") where pid != leader && ProcessPlace(of: pid)?.session == leader {
      // Held before it is looked at, lest the number be another's by then.
      guard let process = try? ProcessDescriptor(pid: pid), let place = ProcessPlace(of: pid),
        place.session == leader, !place.hasEnded
      else { continue }
      guard (try? process.send(signal: SIGKILL, pid: pid)) != nil else { continue }
      isFound = true
      // Gone, or as good as: a process that is dying still has its session.
      _ = try? process.descriptor.waitUntilReady(for: Int16(POLLIN), milliseconds: 100)
    }
    return isFound
  }
}

/// Where a process stands among others, by `/proc/PID/stat`.
struct ProcessPlace {
  let session: Int32
  let hasEnded: Bool

  /// `nil` if there is no such process.
  init?(of pid: Int32) {
    // "PID (name) state parent group session …", and the name may have anything in it, parentheses too.
    guard let text = TextFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].dropFirst(2).split(separator: " ", maxSplits: 4)
    guard fields.count > 3, let session = Int32(fields[3]) else { return nil }
    self.session = session
    hasEnded = fields[0] == "Z" || fields[0] == "X"
  }
}

extension ProcessDescriptor {
  /// Kills the group that the process leads, or led: what its tasks have started and not moved elsewhere. Also when
  /// the process has ended and its status has been taken: its number is nobody else's while the group exists.
  public func killGroup(pid: Int32) {
    if attempt(.signalGroup, { procpool_pidfd_signal_group(descriptor.number, SIGKILL) }) == 0 { return }
    // Older kernels, and profiles that refuse it.
    if errno != ESRCH { _ = Glibc.kill(-pid, SIGKILL) }
  }
}
