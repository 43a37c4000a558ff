import CProcPoolShims
import Synchronization

/// Ensures that this process ends after a crash, even if the crash report of the Swift runtime
/// hangs.
///
/// While the report is written, all threads are stopped. A helper process that exists during that
/// time kills this process and the reporter if the coordinator ends, or after a minute.
package enum CrashGuard {
  /// Guards this process from now on; does nothing if the runtime does not report crashes. Call it
  /// once per process.
  ///
  /// - Parameters:
  ///   - coordinator: the number of the coordinator's pidfd, or negative; open as long as the
  ///     process lives.
  ///   - pipe: the number of the end of a pipe that hangs up with the coordinator; open as long as
  ///     the process lives.
  ///   - signal: receives the number of the signal of the crash; valid as long as the process
  ///     lives.
  package static func start(
    coordinator: Int32, orHangUpOf pipe: Int32, signal: UnsafeMutablePointer<Atomic<Int32>>
  ) {
    procpool_guard_crashes(
      coordinator, pipe, StandardError.number,
      UnsafeMutableRawPointer(signal).assumingMemoryBound(to: Int32.self))
  }
}
