// The library that the program and its worker share: the task, its output and its error. It depends on ProcPoolWorker
// alone, and so links neither Foundation nor the pool.

import ProcPoolWorker

/// The length of a number's path to 1: halve it if it is even, otherwise triple it and add 1.
public struct CollatzPath: PoolTask {
  /// The maximum length of a path; a longer one is an error.
  public var limit: Int

  public init(limit: Int) {
    self.limit = limit
  }

  public func run(_ start: Int) throws -> Path {
    var number = start
    var steps = 0
    while number != 1 {
      if steps == limit { throw TooLong(start: start, limit: limit) }
      number = number.isMultiple(of: 2) ? number / 2 : 3 * number + 1
      steps += 1
    }
    return Path(start: start, steps: steps)
  }
}

public struct Path: Codable, Sendable {
  public let start: Int
  public let steps: Int
}

/// `Codable`, so that it arrives in the program with its own type.
public struct TooLong: Error, Codable {
  public let start: Int
  public let limit: Int
}
