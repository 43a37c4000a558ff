import Glibc
import ProcPool

/// In which way a task takes long.
public enum StallWays: Codable, Sendable, CaseIterable {
  case computing, sleeping, polling
}

/// Takes so many milliseconds, in a function that can be found on its stack, and returns how many it took.
public struct StallInside: PoolTask {
  public var way: StallWays

  public init(way: StallWays) { self.way = way }

  public func run(_ milliseconds: Int) -> Int {
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
