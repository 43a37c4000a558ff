import Foundation
import Testing

@testable import ProcPoolWorker

private enum Failure: LocalizedError, CustomStringConvertible {
  case plain, withNumber(Int)
  var errorDescription: String? {
    switch self {
    case .plain: "a plain failure, told in more words than fit into a small string"
    case .withNumber(let number): "a failure with the number \(number)"
    }
  }
  var description: String { "Failure" }
}

private struct Large: LocalizedError {
  var texts = (0..<5).map { "text \($0)" }
  var numbers = (1, 2, 3, 4, 5, 6)
  var errorDescription: String? { texts.joined(separator: ", ") + " and \(numbers.5)" }
}

private final class Shared: LocalizedError {
  let word = "shared"
  var errorDescription: String? { "it is \(word)" }
}

private struct Silent: LocalizedError, CustomStringConvertible {
  var description: String { "silent" }
}

private struct Generic<Value: Sendable>: LocalizedError {
  var value: Value
  var errorDescription: String? { "of \(value)" }
}

private struct Ordinary: Error {}

/// An error's words for people are found without Foundation in the module that looks for them.
@Suite struct WordsForPeople {
  @Test func areThoseOfAnErrorThatHasThem() {
    #expect(LocalizedDescription.of(Failure.plain)?.hasPrefix("a plain failure, told") == true)
    #expect(LocalizedDescription.of(Failure.withNumber(42)) == "a failure with the number 42")
    #expect(LocalizedDescription.of(Large()) == "text 0, text 1, text 2, text 3, text 4 and 6")
    #expect(LocalizedDescription.of(Shared()) == "it is shared")
    #expect(LocalizedDescription.of(Generic(value: [1, 2])) == "of [1, 2]")
  }

  @Test func areTheDescriptionOfOneThatHasNone() {
    #expect(LocalizedDescription.of(Silent()) == nil)
    #expect(LocalizedDescription.words(for: Silent()) == "silent")
    #expect(LocalizedDescription.of(Ordinary()) == nil)
    #expect(LocalizedDescription.words(for: Ordinary()) == "Ordinary()")
    let decoding = DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "broken"))
    #expect(LocalizedDescription.words(for: decoding).contains("broken"))
  }

  @Test func areKeptAliveAsLongAsTheyAreNeeded() {
    for number in 0..<10_000 {
      #expect(LocalizedDescription.of(Failure.withNumber(number))?.hasSuffix("\(number)") == true)
    }
  }
}

@Suite struct NamesOfTypes {
  @Test(arguments: [
    ("Demo.Failure", "Demo.Failure"),
    ("Demo.(unknown context at $5618a2).Failure", "Demo.Failure"),
    ("Demo.(unknown context at $5618a2).(unknown context at $7f).Failure", "Demo.Failure"),
    (
      "Demo.Box<Demo.(unknown context at $1).A, (Swift.Int, Demo.(unknown context at $2).B)>.Failure",
      "Demo.Box<Demo.A, (Swift.Int, Demo.B)>.Failure"
    ), ("Demo.(unknown context at $12", "Demo.(unknown context at $12"), ("()", "()"), ("", ""),
  ])
  func haveNoAddresses(_ name: String, _ expected: String) {
    #expect(TypeName.withoutAddresses(name) == expected)
  }

  private struct Inner {}
  private enum Holding: Error { case one(Inner) }

  /// An address differs in every process.
  @Test func inWhatIsPrintedOfAnErrorHaveNoAddressesEither() {
    #expect("\(Holding.one(Inner()))".contains("unknown context at $"))
    #expect(
      LocalizedDescription.words(for: Holding.one(Inner())) == "one(ProcPoolWorkerTests.NamesOfTypes.Inner())"
    )
  }

  @Test func areThoseOfPrivateTypesToo() {
    #expect(TypeName.of(Failure.self) == "ProcPoolWorkerTests.Failure")
  }
}
