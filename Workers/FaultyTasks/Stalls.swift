import Glibc
import ProcPool

/// In which way a task takes long.
package enum StallWays: Codable, Sendable, CaseIterable {
  case computing, sleeping, polling
}

/// Takes so many milliseconds, in a function that can be found on its stack, and returns how many it took.
package struct StallInside: PoolTask {
  package var way: StallWays

  package init(way: StallWays) { self.way = way }

  package func run(_ milliseconds: Int) -> Int {
    let start = ContinuousClock.now
    spend(milliseconds)
    return Int((ContinuousClock.now - start) / .milliseconds(1))
  }

  @inline(never)
  private func spend(_ milliseconds: Int) {
    switch way {
    case .computing:
      let end = ContinuousClock.now + .milliseconds(milliseconds)
      while ContinuousClock.now < end {}
    case .sleeping: usleep(UInt32(1_000 * milliseconds))
    case .polling: _ = poll(nil, 0, Int32(milliseconds))
    }
  }
}
