import Dispatch
import FaultyTasks
import Synchronization
import Testing

@testable import ProcPoolSharedMemory

extension Processes.Sharing {
  @Suite struct LocksInOneProcess {
    @Test func aSecondAcquisitionByTheSameThreadIsAnError() throws {
      let value = try LockedValue(1)
      _ = try value.withLock { _ in
        #expect(throws: LockError.alreadyHeld) { try value.withLock { _ in } }
      }
      #expect(try value.withLock { $0 } == 1)
    }

    @Test func theTimeToWaitIsLimited() throws {
      let value = try LockedValue(1)
      let done = DispatchSemaphore(value: 0)
      let error = Mutex<(any Error)?>(nil)
      try value.withLock { _ in
        startThread {
          do {
            try value.withLock(timeout: .milliseconds(20)) { _ in }
          } catch let thrown {
            error.withLock { $0 = thrown }
          }
          done.signal()
        }
        done.wait()
      }
      #expect(error.withLock { $0 as? LockError } == .timedOut(.milliseconds(20)))
      #expect(try value.withLock(timeout: .seconds(1)) { $0 } == 1)
    }

    @Test func whatTheBodyThrowsFreesTheLock() throws {
      struct Mishap: Error {}
      let array = try LockedArray([1, 2, 3])
      #expect(throws: Mishap.self) {
        try array.withLock { span in
          span[0] = 10
          throw Mishap()
        }
      }
      #expect(try array.withLock { $0[0] } == 10)
    }

    @Test func aCounterAddsAndExchanges() throws {
      let counter = try SharedCounter(5)
      #expect(counter.add(-7) == -2)
      #expect(counter.compareExchange(expected: -2, desired: 9) == (true, -2))
      #expect(counter.compareExchange(expected: 0, desired: 1) == (false, 9))
      counter.value = .max
      #expect(counter.add(1) == .min)
    }
  }
}
