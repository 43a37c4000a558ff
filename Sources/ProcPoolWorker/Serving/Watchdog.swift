import Glibc
import ProcPoolSystem

/// Ends the worker as soon as its coordinator is gone, in the middle of a task too.
///
/// It watches two things: the task pipe, for its hang-up only, and the coordinator's process, because a fork
/// of the coordinator would keep the pipe open. And not `PR_SET_PDEATHSIG`, which fires when the *thread*
/// ends that started the worker. An orderly end is a frame, so a hang-up always means death.
///
/// While the worker crashes, its threads stand still, this one too: then a ``CrashGuard`` watches.
enum Watchdog {
  /// 64 KiB of stack: it calls `poll` and `_exit`.
  private static let stack = 1 << 16

  /// Watches the coordinator of a connection, until the process ends: what it looks at is its own for life,
  /// since the process may crash after its session, too.
  static func start(_ connection: borrowing WorkerConnection) throws(SystemError) {
    let tasks = try connection.tasks.duplicate().relinquish()
    connection.page.keepForLife()
    // Where the kernel has no pidfd, the hang-up of the pipe has to do. If the process is gone, so is the
    // pipe's other end, and the first poll says so.
    let coordinator = (try? ProcessDescriptor(pid: connection.hello.coordinator))?.relinquish() ?? -1
    CrashGuard.start(coordinator: coordinator, orHangUpOf: tasks, signal: connection.page.crashWord)
    try SystemThread.start(name: "procpool-watch", stack: stack) {
      ProcessDescriptor.waitForEnd(of: coordinator, orHangUpOf: tasks)
      _exit(0)
    }
  }
}
