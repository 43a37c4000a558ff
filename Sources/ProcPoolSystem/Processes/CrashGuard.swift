import CProcPoolShims
import Synchronization

/// Sees to it that a crash of this process ends, though the report of it by Swift's runtime may not.
///
/// While the report is written, all threads stand still. A process that exists for as long as the report
/// takes, and no longer, kills this one and the report's author if the coordinator ends, and after a minute.
package enum CrashGuard {
  /// Guards this process from now on; where the runtime does not report crashes, there is nothing to do. Once
  /// in a process.
  ///
  /// - Parameters:
  ///   - coordinator: the number of its pidfd, or a negative one; open as long as the process lives.
  ///   - pipe: the number of the end of a pipe that hangs up with the coordinator; likewise.
  ///   - signal: gets the number of the signal that the process crashes by; memory for life.
  package static func start(
    coordinator: Int32, orHangUpOf pipe: Int32, signal: UnsafeMutablePointer<Atomic<Int32>>
  ) {
    procpool_guard_crashes(
      coordinator, pipe, StandardError.number,
      UnsafeMutableRawPointer(signal).assumingMemoryBound(to: Int32.self))
  }
}
