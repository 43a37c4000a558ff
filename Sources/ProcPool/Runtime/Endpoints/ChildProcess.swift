import Glibc
import ProcPoolSystem
import Synchronization

/// A worker's process, from the point of view of its parent.
///
/// A class because a process descriptor cannot be copied and a worker may have none.
final class ChildProcess: Sendable {
  let pid: Int32
  let descriptor: ProcessDescriptor
  /// The mark of the programs that the worker's tasks start, and the session in which the worker
  /// was started.
  private let offspring: (mark: UInt64, session: Int32)
  /// Returns how the process ended according to Foundation, for the case that Foundation took the
  /// status first and the kernel no longer has it.
  let foundationStatus: @Sendable () -> ProcessEnd
  /// When it was first sent SIGKILL, on the monotonic clock; 0 before. Relaxed, because only the
  /// runtime thread's timers depend on it.
  private let killed = Atomic<Int64>(0)

  init(
    pid: Int32, _ descriptor: consuming ProcessDescriptor, offspring: (mark: UInt64, session: Int32),
    foundationStatus: @escaping @Sendable () -> ProcessEnd
  ) {
    self.pid = pid
    self.descriptor = descriptor
    self.offspring = offspring
    self.foundationStatus = foundationStatus
  }

  /// When it was killed; 0 if it was not.
  var killTime: Int64 { killed.load(ordering: .relaxed) }

  func kill() {
    _ = killed.compareExchange(expected: 0, desired: MonotonicClock.now(), ordering: .relaxed)
    send(signal: SIGKILL)
  }

  func send(signal: Int32) {
    // An error becomes apparent when the process has not ended within its time limit.
    try? descriptor.send(signal: signal, pid: pid)
  }

  /// Whether it was stopped by a signal.
  var isStopped: Bool { ProcessState.of(pid) == .stopped }

  /// Whether it has lost its main thread and is still running. It was then dying but is prevented
  /// from ending, for example by a second signal while Swift's runtime holds its threads for a
  /// report.
  var isHalfDead: Bool {
    // In this order, because it may end in between.
    ProcessState.of(pid) == .ended && descriptor.isRunning
  }

  /// Whether it has ended or begun to end, so that it has lost what can no longer be found in it.
  ///
  /// Where that cannot be seen, waits for its end.
  func isEnding(milliseconds: Int32) -> Bool {
    switch ProcessState.isExiting(pid) {
    case true?: true
    // If it is still running, it is the process that was looked at, and not a later one with its number.
    case false?: !descriptor.isRunning
    case nil: waitForEnd(milliseconds: milliseconds)
    }
  }

  /// Waits until the process has ended.
  ///
  /// - Returns: whether it has; also `true` if waiting fails.
  func waitForEnd(milliseconds: Int32) -> Bool {
    (try? descriptor.descriptor.waitUntilReady(for: Int16(POLLIN), milliseconds: milliseconds)) ?? true
  }

  /// Ends the programs that its tasks have started. Only after its own end.
  func endOffspring() {
    descriptor.killGroup(pid: pid)
    Offspring.kill(of: pid, mark: offspring.mark, session: offspring.session)
  }

  /// Kills a process that was not added to the pool, and takes its status so that no zombie is
  /// left, unless it does not end in time.
  func killAndReap(milliseconds: Int32) {
    kill()
    // If waiting fails, so does reaping, which is then left to Foundation.
    _ = waitForEnd(milliseconds: milliseconds)
    descriptor.killGroup(pid: pid)
    _ = descriptor.reap()
  }

  /// Takes the status of the process if it has ended.
  ///
  /// - Returns: `nil` while it runs. With the end, its peak memory in bytes, if the system reports
  ///   it.
  func reap() -> (end: ProcessEnd, peakMemory: Int?)? {
    descriptor.reap() ?? ProcessState.endOfTraced(pid).map { ($0, nil) }
  }
}
