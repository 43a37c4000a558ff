// The library that the program and its worker share: the task, its output and its error. It depends on ProcPoolWorker
// alone, and so links neither Foundation nor the pool.

import ProcPoolWorker

/// The length of a number's path to 1: halve it if it is even, otherwise triple it and add 1.
public struct CollatzPath: PoolTask {
  /// The maximum length of a path; a longer one is an error.
  public var limit: Int

  /// Creates a task that refuses paths of more than `limit` steps.
  public init(limit: Int) {
    self.limit = limit
  }

  /// Follows the path from `start` to 1.
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

/// The path from a number to 1.
public struct Path: Codable, Sendable {
  /// The number that the path starts at.
  public let start: Int
  /// How many steps it has.
  public let steps: Int
}

/// The error for a path that is too long. `Codable`, so that the program can catch it by its type.
public struct TooLong: Error, Codable {
  /// The number that the path starts at.
  public let start: Int
  /// How many steps were allowed.
  public let limit: Int
}
