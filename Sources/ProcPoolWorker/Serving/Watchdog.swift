import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// Ends the worker as soon as its coordinator has ended, even in the middle of a task.
///
/// The watchdog polls three descriptors: the task pipe, for hang-up only; the process of the
/// coordinator, because a fork of the coordinator would keep the pipe open; and the serving thread,
/// whose end ends the worker. `PR_SET_PDEATHSIG` is not used, because it fires when the *thread*
/// that started the worker ends. A worker exits in response to a frame, so a hang-up always means
/// that the coordinator has died or has abandoned the worker. The processes that tasks have started
/// are killed as well.
///
/// While the worker crashes, all of its threads are stopped, including this one. A ``CrashGuard``
/// takes over then.
enum Watchdog {
  /// 256 KiB of stack, most of which is used only to find the processes that tasks have started.
  private static let stack = 1 << 18

  /// Watches the coordinator of a connection, and the calling thread, until the process ends. The
  /// watchdog keeps its descriptors until then, because the process may also crash after its
  /// session.
  ///
  /// - Parameter lostThread: called when the calling thread has ended while the process continues.
  static func start(
    _ connection: borrowing CoordinatorConnection, lostThread: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    let tasks = try connection.tasks.duplicate().relinquish()
    let page = connection.page
    page.keepForLife()
    // Without pidfds, only the hang-up of the pipe is watched. If the process has ended already,
    // the first poll reports the hang-up.
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

  /// Ends the process, and the processes that its tasks have started, because no coordinator is
  /// left to kill them.
  static func endAtOnce() -> Never {
    Offspring.killOwn()
    _exit(0)
  }
}
