import CProcPoolShims
import Glibc

/// The events that a descriptor is watched for, or that have occurred.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: procpool_epoll_in)
  package static let writable = Readiness(rawValue: procpool_epoll_out)
  /// The other end is closed. Always watched for.
  package static let hangUp = Readiness(rawValue: procpool_epoll_hangup)
}

/// Waits for events of many descriptors, at a cost that does not depend on their number.
///
/// Descriptors may be added, changed and removed by any thread while another waits.
package struct Poller: ~Copyable, Sendable {
  private let epoll: Descriptor
  private let wakeUp: Descriptor

  /// The token of wake-ups, which `wait` uses itself.
  private static let wakeUpToken = UInt64.max

  package init() throws(SystemError) {
    let epoll = Descriptor(owning: try retryingInterrupts(.makePoller) { procpool_epoll_create() })
    let wakeUp = Descriptor(owning: try retryingInterrupts(.makeEvent) { procpool_eventfd() })
    let (poller, waker) = (epoll.number, wakeUp.number)
    try retryingInterrupts(.addToPoller) {
      procpool_epoll_add(poller, waker, Readiness.readable.rawValue, Self.wakeUpToken)
    }
    self.epoll = epoll
    self.wakeUp = wakeUp
  }

  /// Starts to watch a descriptor, which `wait` reports by its `token`.
  package func add(
    _ descriptor: borrowing Descriptor, for readiness: Readiness, token: UInt64
  ) throws(SystemError) {
    let number = descriptor.number
    try retryingInterrupts(.addToPoller) {
      procpool_epoll_add(epoll.number, number, readiness.rawValue, token)
    }
  }

  /// Changes the events that a descriptor is watched for.
  package func modify(
    _ descriptor: borrowing Descriptor, for readiness: Readiness, token: UInt64
  ) throws(SystemError) {
    let number = descriptor.number
    try retryingInterrupts(.modifyInPoller) {
      procpool_epoll_modify(epoll.number, number, readiness.rawValue, token)
    }
  }

  /// Stops watching a descriptor. Call it before the descriptor is closed: otherwise a copy in
  /// another process would still be reported.
  package func remove(_ descriptor: borrowing Descriptor) {
    _ = procpool_epoll_remove(epoll.number, descriptor.number)
  }

  /// Makes the current or the next `wait` return immediately.
  package func wake() {
    var one: UInt64 = 1
    // Fails only if the counter is full, and then a wake-up is pending.
    _ = Glibc.write(wakeUp.number, &one, 8)
  }

  /// Waits until a descriptor is ready, `wake` is called or the time has elapsed, and reports each
  /// ready descriptor.
  ///
  /// - Parameter timeout: the time in nanoseconds, rounded up to milliseconds; 0 polls without
  ///   waiting, and a negative value waits without limit.
  /// - Returns: whether anything was reported or `wake` had been called.
  @discardableResult
  package func wait(timeout: Int64, _ report: (UInt64, Readiness) -> Void) throws(SystemError) -> Bool {
    // 64 per call, so that the arrays are on the stack. The next call reports the rest.
    let capacity = 64
    let count = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: capacity) { tokens in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: capacity) { masks in
        let count = attempt(.waitForPoller) {
          procpool_epoll_wait(
            epoll.number, masks.baseAddress, tokens.baseAddress, Int32(capacity), timeout)
        }
        for index in 0..<max(0, Int(count)) {
          if tokens[index] == Self.wakeUpToken {
            var counter: UInt64 = 0
            _ = attempt(.readEvent) { Glibc.read(wakeUp.number, &counter, 8) }
          } else {
            report(tokens[index], Readiness(rawValue: masks[index]))
          }
        }
        return count
      }
    }
    if count < 0 {
      // A signal handler ran. The caller treats this like a wake-up, and checks everything again.
      if errno == EINTR { return true }
      throw SystemError(.waitForPoller)
    }
    return count > 0
  }
}
