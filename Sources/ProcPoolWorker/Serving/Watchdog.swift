import Glibc
import ProcPoolSystem

/// Ends the worker as soon as its coordinator is gone, in the middle of a task too.
///
/// It watches two things: the task pipe, for its hang-up only, and the coordinator's process, because a fork
/// of the coordinator would keep the pipe open. And not `PR_SET_PDEATHSIG`, which fires when the *thread*
/// ends that started the worker. An orderly end is a frame, so a hang-up always means death.
enum Watchdog {
  /// 64 KiB of stack: it calls `poll` and `_exit`.
  private static let stack = 1 << 16

  /// - Parameters:
  ///   - tasks: the number of the task pipe; the process ends with its session, before the number can be
  ///     another's.
  ///   - coordinator: its process.
  static func start(tasks: Int32, coordinator: Int32) throws(SystemError) {
    try SystemThread.start(name: "procpool-watch", stack: stack) {
      // Where the kernel has no pidfd, the hang-up of the pipe has to do. If the process is gone, so is the
      // pipe's other end, and the first poll says so.
      if let process = try? ProcessDescriptor(pid: coordinator) {
        ProcessDescriptor.waitForEnd(of: process.descriptor.number, orHangUpOf: tasks)
      } else {
        ProcessDescriptor.waitForEnd(of: -1, orHangUpOf: tasks)
      }
      _exit(0)
    }
  }
}
