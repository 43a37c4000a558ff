import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

extension Autopsy {
  init(_ item: ItemID, _ trace: ItemTrace, _ loss: WorkerLoss) {
    self.init(
      item: item, attempt: trace.attempt, elapsed: .nanoseconds(trace.elapsed.count),
      isPreparation: trace.isPreparation, loss: loss)
  }
}

extension LikelyCause {
  /// Determines the likely cause from the end of a worker and its circumstances.
  ///
  /// - Parameter limits: the resource limits of the worker.
  init(of facts: WorkerEnd, limits: ResourceLimits) {
    let (lastAct, condemnation, memory) = (facts.lastAct, facts.condemnation, facts.exhaustedMemory)
    let (peakMemory, standardError) = (facts.peakMemory, facts.standardError)
    if case .notEnded? = condemnation {
      self = condemnation!
      return
    }
    if let violation = facts.violation {
      self = .protocolViolation(violation)
      return
    }
    if lastAct == .lostThread {
      self = .threadExit
      return
    }
    // A crash signal takes precedence over the signal that ended the process while it was crashing.
    // The worker's own note replaces an exit status that the kernel no longer has.
    let end =
      switch lastAct {
      case .crashed(let signal)?: ProcessEnd.signalled(signal)
      case .exited(let status)? where facts.end == .unknown: ProcessEnd.exited(status: status)
      default: facts.end
      }
    if let condemnation, end == .signalled(SIGKILL) || end == .signalled(SIGTERM) || end == .unknown {
      self = condemnation
    } else if end == .signalled(SIGXCPU), limits.processorTime != 0 {
      self = .processorTimeLimit
    } else if Self.hasMetMemoryLimit(end, peakMemory, limits, standardError) {
      self = .memoryLimit(Int(clamping: limits.memory))
    } else {
      switch end {
      case .exited: self = .exit
      case .signalled(SIGKILL): self = memory.map { .outOfMemory($0) } ?? .signal(SIGKILL)
      case .signalled(SIGILL), .signalled(SIGTRAP):
        self = .trap(message: LastWords.trapMessage(in: standardError) ?? "it left no message")
      case .signalled(SIGSEGV), .signalled(SIGBUS): self = .invalidAccess
      case .signalled(let number): self = .signal(number)
      // Other code took the status; an out-of-memory kill counted by the kernel is still the
      // likeliest cause.
      case .unknown: self = memory.map { .outOfMemory($0) } ?? .unknown
      }
    }
  }

  /// Whether a process ended like one that was refused memory, by a trap of the allocator with a
  /// message, or by an access to memory it did not get, and had used most of its limit.
  private static func hasMetMemoryLimit(
    _ end: ProcessEnd, _ peakMemory: Int?, _ limits: ResourceLimits, _ standardError: String
  ) -> Bool {
    guard limits.memory != 0, case .signalled(let signal) = end,
      [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS].contains(signal)
    else { return false }
    let words = LastWords.ofTheEnd(in: standardError)
    if words.contains("llocat") || words.contains("bad_alloc") { return true }
    return peakMemory.map { $0 >= Int(clamping: limits.memory / 4 * 3) } ?? false
  }
}
