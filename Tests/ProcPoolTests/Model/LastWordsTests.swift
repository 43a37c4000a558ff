import Testing

@testable import ProcPool

@Suite struct LastWordsAreThoseThatTell {
  private static let backtrace = """
    starting
    Swift/ContiguousArrayBuffer.swift:692: Fatal error: Index out of range

    *** Signal 4: Backtracing from 0x7f0b6556df7f... done ***

    *** Program crashed: Illegal instruction at 0x00007f0b6556df7f ***

    Platform: x86_64 Linux (Debian GNU/Linux 12 (bookworm))

    Thread 0 "exe":

      0               0x00007f0b63f4126f poll + 79 in libc.so.6

    Thread 1 "procpool-serve" crashed:

      0               0x00007f0b6556df7f closure #1 in _assertionFailure(_:_:file:line:flags:) + 623 in libswiftCore.so
      1 [ra]          0x00007f0b65c8ff65 specialized Array.subscript.getter + 84 in libswiftSwiftOnoneSupport.so
      2 [ra]          0x000056259ead1621 Crash.run(_:) + 96 in Demo at /home/me/Demo.swift:11:67
      3 [ra] [thunk]  0x000056259eac973c protocol witness for PoolTask.run(_:) in conformance Crash + 27 in Demo
      4 [ra]          0x00007f0b65c2fe60 swift::runJobInEstablishedExecutorContext(swift::Job*) + 367

    Thread 2 "procpool-watch":

      0              0x00007f0b63f4126f poll + 79 in libc.so.6

    Registers:
    """

  @Test func ofABacktraceTheMessageAndWhatLedToItInTheTask() {
    let quoted = LastWords.quoted(Self.backtrace).split(separator: "\n")
    #expect(quoted.count == 5)
    #expect(quoted[1].hasSuffix("Fatal error: Index out of range"))
    #expect(quoted[4].contains("Crash.run(_:) + 96 in Demo at /home/me/Demo.swift:11:67"))
    #expect(LastWords.backtrace(in: Self.backtrace)?.contains("Registers:") == true)
  }

  @Test func withoutATrapWhatTheProgramCrashedBy() {
    let text = Self.backtrace.replacing("Fatal error: ", with: "")
    let quoted = LastWords.quoted(text).split(separator: "\n")
    #expect(quoted[1].contains("Program crashed: Illegal instruction"))
    #expect(quoted.count == 5)
  }

  /// A program that writes for Windows ends its lines so, which Swift takes for one character.
  @Test func linesMayEndWithACarriageReturn() {
    let text = Self.backtrace.replacing("\n", with: "\r\n")
    #expect(LastWords.quoted(text) == LastWords.quoted(Self.backtrace))
    #expect(LastWords.trapMessage(in: text) == "Fatal error: Index out of range")
    let long = (1...30).map { "line \($0)" }.joined(separator: "\r\n")
    #expect(LastWords.quoted(long).hasSuffix("\n  | line 29\n  | line 30"))
    #expect(!LastWords.quoted(long).contains("line 18"))
  }

  /// As the runtime of Swift 6.3 reports traps of optimised code.
  private static func optimised(_ headline: String, _ frame: String) -> String {
    """
    *** Signal 4: Backtracing from 0x55b03d9065da... done ***

    *** \(headline) ***

    Platform: x86_64 Linux (Debian GNU/Linux 12 (bookworm))

    Thread 1 "procpool-serve" crashed:

      0 [inlined] [system] 0x000055b03d9065da \(frame) in worker at //<compiler-generated>
      1                    0x000055b03d9065da force(_:) + 10 in worker at /tmp/main.swift:2:48
    """
  }

  @Test(arguments: [
    "Unexpectedly found nil while unwrapping an Optional value", "arithmetic overflow",
    "precondition failure",
  ])
  func ofOptimisedCodeTheReasonThatTheCompilerLeft(_ reason: String) {
    let text = Self.optimised("Swift runtime failure: \(reason)", "Swift runtime failure: \(reason)")
    #expect(LastWords.trapMessage(in: text) == reason)
    let quoted = LastWords.quoted(text)
    #expect(quoted.contains("*** Swift runtime failure: \(reason) ***"))
    #expect(quoted.contains("force(_:) + 10 in worker at /tmp/main.swift:2:48"))
  }

  @Test func ofOptimisedCodeWithoutAReasonWhereItWas() {
    let text = Self.optimised(
      "Program crashed: Illegal instruction at 0x000055b03d9065da", "specialized Array.subscript.getter")
    #expect(
      LastWords.trapMessage(in: text)
        == "an illegal instruction, the runtime's way to stop, in force(_:) + 10 in worker at /tmp/main.swift:2:48"
    )
  }

  @Test func aReportThatBrokeOffIsToldFromItsTrapOn() {
    let cut = Self.backtrace[..<Self.backtrace.firstRange(of: "Thread 1")!.lowerBound]
    let quoted = LastWords.quoted(String(cut)).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(quoted[1].hasSuffix("Fatal error: Index out of range"))
    #expect(quoted.count <= 13)
    let thread = Self.backtrace.firstRange(of: " crashed:\n")!.upperBound
    #expect(LastWords.quoted(String(Self.backtrace[..<thread])).contains("Fatal error: Index out of range"))
  }

  @Test func elseTheLastTwelveLines() {
    let lines = (1...20).map { "line \($0)" }
    let quoted = LastWords.quoted(lines.joined(separator: "\n")).split(separator: "\n")
    #expect(quoted.dropFirst().map(String.init) == (9...20).map { "  | line \($0)" })
    #expect(LastWords.quoted("") == "")
  }
}
