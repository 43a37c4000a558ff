import ProcPoolSystem

/// The text that a process wrote to standard error before it ended.
enum LastWords {
  /// The most informative lines, at most twelve: Swift's crash report, or the lines from the
  /// message of the last trap on, or else the last lines.
  static func quoted(_ standardError: String) -> String {
    if standardError.isEmpty { return "" }
    let lines = standardError.lines(omittingEmpty: false)
    let trap = lines.lastIndex { trapWords(in: $0) != nil }
    let relevant = crash(in: lines) ?? Array(trap.map { lines[$0...].prefix(12) } ?? lines.suffix(12))
    return "; it wrote to standard error:\n"
      + relevant.map { "  | \($0.visible(keepingLines: true))" }.joined(separator: "\n")
  }

  /// The part of a backtrace that leads from the task to the crash, without other threads,
  /// registers and the frames that called the task.
  private static func crash(in lines: [Substring]) -> [Substring]? {
    guard let thread = lines.lastIndex(where: { $0.hasPrefix("Thread ") && $0.hasSuffix(" crashed:") }) else {
      return nil
    }
    let message =
      lines[..<thread].last { trapWords(in: $0) != nil }
      ?? lines[..<thread].last { $0.contains("Program crashed: ") }
    let frames = lines[(thread + 1)...].drop { $0.isEmpty }.prefix { line in
      !line.isEmpty && !callers.contains { line.contains($0) }
    }
    return frames.isEmpty ? nil : (message.map { [$0] } ?? []) + frames.prefix(10)
  }

  /// Parts of the names of the functions that call a task.
  private static let callers = ["protocol witness for PoolTask.", "swift::runJob", "_runChunk"]

  /// The message of the last trap, without the source location in front of it. Some traps of
  /// optimised code have no message; then the function in which the trap happened.
  static func trapMessage(in standardError: String) -> String? {
    let lines = standardError.lines()
    if let words = lines.lazy.reversed().compactMap({ trapWords(in: $0) }).first { return String(words) }
    // The message and a frame: "1  0x0000564b pick(_:_:) + 19 in worker at /tmp/main.swift:1:58".
    let frames = crash(in: standardError.lines(omittingEmpty: false))?
      .dropFirst()
    let places = (frames ?? []).compactMap { frame -> Substring? in
      let words = frame.split(separator: " ")
      guard !frame.contains("[system]"), let address = words.firstIndex(where: { $0.hasPrefix("0x") }),
        address + 1 < words.endIndex
      else { return nil }
      return frame[words[address + 1].startIndex...]
    }
    return places.first.map { "an illegal instruction, the runtime's way to stop, in \($0)" }
  }

  /// The last line that reports the end of the process.
  static func ofTheEnd(in standardError: String) -> Substring {
    standardError.lines().last {
      trapWords(in: $0) != nil || $0.contains("terminate called")
    } ?? ""
  }

  /// The message of a trap in a line. The runtime prints "Fatal error" if the program has a
  /// message; its crash report has "Swift runtime failure: " if only the compiler knew one.
  private static func trapWords(in line: Substring) -> Substring? {
    for (mark, isPartOfMessage) in [("Fatal error", true), ("Swift runtime failure: ", false)] {
      guard let range = line.firstRange(of: mark) else { continue }
      if isPartOfMessage { return line[range.lowerBound...] }
      // "*** Swift runtime failure: arithmetic overflow ***", and a frame: "… arithmetic overflow
      // in worker at …".
      let words = line[range.upperBound...]
      return words[
        ..<(words.firstRange(of: " ***") ?? words.firstRange(of: " in ") ?? words.endIndex..<words.endIndex)
          .lowerBound]
    }
    return nil
  }

  /// The crash report of the Swift runtime, from its first line on.
  static func backtrace(in standardError: String) -> String? {
    let lines = standardError.lines(omittingEmpty: false)
    guard let start = lines.lastIndex(where: { $0.contains(" crashed at 0x") || $0.hasPrefix("*** Signal ") })
    else {
      return nil
    }
    return lines[start...].joined(separator: "\n")
  }
}
