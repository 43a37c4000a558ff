import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// Ends the worker as soon as its coordinator is gone, in the middle of a task too.
///
/// It watches three things: the task pipe, for hang-up only; the coordinator's process, because a fork of the
/// coordinator would keep the pipe open; and the serving thread, whose end is the worker's end. It does not end the
/// process by `PR_SET_PDEATHSIG`, which fires when the *thread* that started the worker ends. A worker leaves in response
/// to a frame, so a hang-up always means that the coordinator has died, or has given the worker up. The processes
/// that its tasks have started end with it.
///
/// While the worker crashes, its threads stand still, this one too: then a ``CrashGuard`` watches.
enum Watchdog {
  /// 256 KiB of stack, of which a few are touched until it has to look for what tasks have started.
  private static let stack = 1 << 18

  /// Watches the coordinator of a connection, and the calling thread, until the process ends: what it looks at is
  /// its own for life, since the process may crash after its session, too.
  ///
  /// - Parameter lostThread: called when the calling thread has ended and the process goes on without it.
  static func start(
    _ connection: borrowing CoordinatorConnection, lostThread: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    let tasks = try connection.tasks.duplicate().relinquish()
    let page = connection.page
    page.keepForLife()
    // Where the kernel has no pidfd, the hang-up of the pipe has to do. If the process is gone, so is the
    // pipe's other end, and the first poll says so.
    let coordinator = (try? ProcessDescriptor(pid: connection.hello.coordinator))?.relinquish() ?? -1
    let thread = ThreadDescriptor.ofCaller() ?? -1
    CrashGuard.start(coordinator: coordinator, orHangUpOf: tasks, signal: page.lastActWord)
    try ExitNote.keep(in: page.lastActWord, from: StatusPage.exitBase)
    SignalState.spareForWatchdog(results: connection.results.number)
    try SystemThread.start(name: "procpool-watch", stack: stack) {
      if ProcessDescriptor.waitForEnd(of: coordinator, orHangUpOf: tasks, orOfThread: thread) == .thread {
        lostThread()
      }
      endAtOnce()
    }
  }

  /// Ends the process and what its tasks have started, which no coordinator is left to kill.
  static func endAtOnce() -> Never {
    Offspring.killOwn()
    _exit(0)
  }
}
