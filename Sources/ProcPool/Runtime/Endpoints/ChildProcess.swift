import Glibc
import ProcPoolSystem
import Synchronization

/// A worker's process, as its parent holds it.
///
/// A class because a process descriptor cannot be copied and a worker may have none.
final class ChildProcess: Sendable {
  let pid: Int32
  let descriptor: ProcessDescriptor
  /// The mark by which programs that the worker's tasks start are found, and the session in which the worker was
  /// started.
  private let offspring: (mark: UInt64, session: Int32)
  /// Asks Foundation how the process ended, if Foundation took the status first and the kernel no longer has it.
  let foundationStatus: @Sendable () -> ProcessEnd
  /// When it was first sent SIGKILL, on the monotonic clock; 0 before. Relaxed: only the runtime thread's timers follow
  /// from it.
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
    // A refusal shows when the process has not ended within its time limit.
    try? descriptor.send(signal: signal, pid: pid)
  }

  /// Whether a signal has stopped it.
  var isStopped: Bool { ProcessState.of(pid) == .stopped }

  /// Whether it has lost its main thread and is still running: it was dying, and something keeps it from that, as a
  /// second signal can while Swift's runtime holds its threads for a report.
  var isHalfDead: Bool {
    // In this order: it may end meanwhile.
    ProcessState.of(pid) == .ended && descriptor.isRunning
  }

  /// Waits until it has ended.
  ///
  /// - Returns: whether it has. `true` also if waiting fails.
  func waitForEnd(milliseconds: Int32) -> Bool {
    (try? descriptor.descriptor.waitUntilReady(for: Int16(POLLIN), milliseconds: milliseconds)) ?? true
  }

  /// Ends the programs that its tasks have started. After its own end only.
  func endOffspring() {
    descriptor.killGroup(pid: pid)
    Offspring.kill(of: pid, mark: offspring.mark, session: offspring.session)
  }

  /// Kills a process that the pool does not know, and takes its status, so that nothing of it stays; unless it does not
  /// end in time.
  func killAndReap(milliseconds: Int32) {
    kill()
    // If waiting fails, so does reaping, and Foundation does it.
    _ = waitForEnd(milliseconds: milliseconds)
    descriptor.killGroup(pid: pid)
    _ = descriptor.reap()
  }

  /// Takes its status if it has ended.
  ///
  /// - Returns: `nil` while it runs. With the end, the most memory that it had in use at once, in bytes, if the system
  ///   reports that.
  func reap() -> (end: ProcessEnd, peakMemory: Int?)? {
    descriptor.reap() ?? ProcessState.endOfTraced(pid).map { ($0, nil) }
  }
}
