import Glibc
import ProcPool

/// Takes so many milliseconds to prepare, and as many as its input says for each item; for ever if negative.
package struct SlowPreparation: PoolTask {
  package var milliseconds: Int
  package init(milliseconds: Int) { self.milliseconds = milliseconds }

  package mutating func prepare() {
    repeat { pause(milliseconds: abs(milliseconds)) } while milliseconds < 0
  }

  package func run(_ input: Int) -> Int {
    pause(milliseconds: input)
    return input
  }
}

/// Never comes back from its preparation, or from combining outputs in a worker.
package struct HangingSum: ReducingTask {
  package var hangsInPrepare: Bool
  package init(inPrepare: Bool) { hangsInPrepare = inPrepare }

  package mutating func prepare() { if hangsInPrepare { hang() } }
  package func run(_ input: Int) -> Int { input }
  package func combine(_ next: Int, into total: inout Int) {
    if TaskContext.current != nil, next == 7 { hang() }
    total += next
  }

  private func hang() { while true { pause(milliseconds: 1_000) } }
}

// MARK: - Errors with words for people

/// An error that says one thing to programmers and another to people.
package struct Excuse: DescribedError {
  package var reason: String
  package init(_ reason: String) { self.reason = reason }
  package var description: String { "Excuse(\(reason))" }
  package var errorDescription: String? { "Sorry: \(reason)." }
}

/// An error that arrives in no program, though it is `Codable`.
private struct Secret: Error, Codable {
  var number: Int
}

/// An error that cannot be encoded, though it says so.
package struct Unspeakable: Error, Codable {
  package init() {}
  package func encode(to encoder: any Encoder) throws { throw Excuse("no words") }
}

/// Throws errors of several kinds, by number; returns what is beyond them.
package struct ThrowKinds: PoolTask {
  package init() {}
  package func run(_ input: Int) throws -> Int {
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
