import Glibc
import ProcPool

/// Takes so many milliseconds to prepare, and as many as its input says for each item; for ever if negative.
public struct SlowPreparation: PoolTask {
  public var milliseconds: Int
  public init(milliseconds: Int) { self.milliseconds = milliseconds }

  public mutating func prepare() {
    repeat { pause(milliseconds: abs(milliseconds)) } while milliseconds < 0
  }

  public func run(_ input: Int) -> Int {
    pause(milliseconds: input)
    return input
  }
}

/// Never comes back from its preparation, or from combining outputs in a worker.
public struct HangingSum: ReducingTask {
  public var hangsInPrepare: Bool
  public init(inPrepare: Bool) { hangsInPrepare = inPrepare }

  public mutating func prepare() { if hangsInPrepare { hang() } }
  public func run(_ input: Int) -> Int { input }
  public func combine(_ next: Int, into total: inout Int) {
    if TaskContext.current != nil, next == 7 { hang() }
    total += next
  }

  private func hang() { while true { pause(milliseconds: 1_000) } }
}

// MARK: - Errors with words for people

/// An error that says one thing to programmers and another to people.
public struct Excuse: DescribedError {
  public var reason: String
  public init(_ reason: String) { self.reason = reason }
  public var description: String { "Excuse(\(reason))" }
  public var errorDescription: String? { "Sorry: \(reason)." }
}

/// An error that arrives in no program, though it is `Codable`.
private struct Secret: Error, Codable {
  var number: Int
}

/// An error that cannot be encoded, though it says so.
public struct Unspeakable: Error, Codable {
  public init() {}
  public func encode(to encoder: any Encoder) throws { throw Excuse("no words") }
}

/// Throws errors of several kinds, by number; returns what is beyond them.
public struct ThrowKinds: PoolTask {
  public init() {}
  public func run(_ input: Int) throws -> Int {
    switch input {
    case 0: throw Excuse("the dog ate it")
    case 1: throw Secret(number: 1)
    case 2:
      enum Local: Error { case lost }
      throw Local.lost
    case 3: throw Unspeakable()
    case 4: throw Mishap("no use for 4")
    case 5: throw Misfit(value: 5)
    default: return input
    }
  }
}
