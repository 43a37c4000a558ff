import ProcPoolWorker

/// Returns what it is given.
public struct Echo: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int { input }
}
