import ProcPoolSystem

/// What a process wrote before it ended.
enum LastWords {
  /// The lines that tell most: what Swift says of a crash, from the last trap's message on, or else the last ones; a
  /// dozen at the most.
  static func quoted(_ standardError: String) -> String {
    if standardError.isEmpty { return "" }
    let lines = standardError.lines(omittingEmpty: false)
    let trap = lines.lastIndex { trapWords(in: $0) != nil }
    let telling = crash(in: lines) ?? Array(trap.map { lines[$0...].prefix(12) } ?? lines.suffix(12))
    return "; it wrote to standard error:\n"
      + telling.map { "  | \($0.visible(keepingLines: true))" }.joined(separator: "\n")
  }

  /// Of a backtrace what leads to the crash within the task: other threads, registers and what called the task say
  /// nothing about it.
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

  /// Frames of what runs tasks.
  private static let callers = ["protocol witness for PoolTask.", "swift::runJob", "_runChunk"]

  /// The message of the last trap, without the place in the source before it. Where the runtime has left none, as it
  /// has none for some traps of optimised code, what it was in.
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

  /// What it said last of its own end, in one line.
  static func ofTheEnd(in standardError: String) -> Substring {
    standardError.lines().last {
      trapWords(in: $0) != nil || $0.contains("terminate called")
    } ?? ""
  }

  /// What a line says of a trap: the runtime begins with "Fatal error" where the program has a message, and its crash
  /// reports with "Swift runtime failure: " where only the compiler knew one.
  private static func trapWords(in line: Substring) -> Substring? {
    for (mark, isPartOfMessage) in [("Fatal error", true), ("Swift runtime failure: ", false)] {
      guard let range = line.firstRange(of: mark) else { continue }
      if isPartOfMessage { return line[range.lowerBound...] }
      // "*** Swift runtime failure: arithmetic overflow ***", and a frame: "… arithmetic overflow in worker at …".
      let words = line[range.upperBound...]
      return words[
        ..<(words.firstRange(of: " ***") ?? words.firstRange(of: " in ") ?? words.endIndex..<words.endIndex)
          .lowerBound]
    }
    return nil
  }

  /// What Swift prints of a process that crashes, from its first line on.
  static func backtrace(in standardError: String) -> String? {
    let lines = standardError.lines(omittingEmpty: false)
    guard let start = lines.lastIndex(where: { $0.contains(" crashed at 0x") || $0.hasPrefix("*** Signal ") })
    else {
      return nil
    }
    return lines[start...].joined(separator: "\n")
  }
}
