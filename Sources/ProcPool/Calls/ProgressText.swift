import ProcPoolSystem

/// The progress of a call, as text and as a bar.
package enum ProgressText {
  /// A line that is at most as wide as the terminal, in columns. The title is omitted first.
  static func bar(_ progress: CallProgress, title: String, width: Int) -> String {
    let title = title.visible()
    let numbers = numbers(progress)
    var parts = title.isEmpty ? [] : [title]
    guard let total = progress.total, total > 0 else {
      return (parts + [numbers]).joined(separator: "  ").cut(toColumns: width)
    }
    let share = min(1, Double(progress.done) / Double(total))
    // With room for the usual width of the numbers, so that the length of the bar is stable.
    let room = width - max(numbers.count, usualNumbers) - (title.isEmpty ? 0 : title.displayWidth + 2) - 2
    if room >= shortestBar { parts.append(blocks(share, length: min(room, longestBar))) }
    parts.append(numbers)
    let line = parts.joined(separator: "  ")
    return line.displayWidth <= width ? line : numbers.cut(toColumns: width)
  }

  private static let shortestBar = 5
  private static let usualNumbers = 50
  private static let longestBar = 40

  /// A line for a log.
  static func line(_ progress: CallProgress, title: String) -> String {
    (title.isEmpty ? "" : title.visible() + ": ") + numbers(progress)
  }

  /// The line at the end of the call.
  static func end(_ progress: CallProgress, title: String, isWhole: Bool) -> String {
    var text = title.isEmpty ? "" : title.visible() + ": "
    let items = progress.done == 1 ? "1 item" : "\(grouped(progress.done)) items"
    text += isWhole ? items : "stopped after \(items)"
    text += " in \(time(progress.elapsed))"
    if let rate = progress.itemsPerSecond { text += ", \(count(rate))/s" }
    if progress.failures > 0 { text += ", \(grouped(progress.failures)) failed" }
    return text
  }

  private static func numbers(_ progress: CallProgress) -> String {
    var text = grouped(progress.done)
    if let total = progress.total {
      let percent = total > 0 ? Int(min(1, Double(progress.done) / Double(total)) * 100) : 100
      text += " of \(grouped(total)), \(percent) %"
    }
    if let rate = progress.itemsPerSecond { text += ", \(count(rate))/s" }
    if let remaining = progress.remaining { text += ", \(time(remaining)) left" }
    if progress.failures > 0 { text += ", \(grouped(progress.failures)) failed" }
    return text
  }

  /// A bar with a resolution of an eighth of a character, on a background that shows its full
  /// length.
  private static func blocks(_ share: Double, length: Int) -> String {
    let eighths = Int(share * Double(length * 8))
    let full = String(repeating: "█", count: eighths / 8)
    // U+2588 is a full block, and U+258F an eighth of one.
    let part = eighths % 8 == 0 ? "" : String(UnicodeScalar(0x2590 - UInt32(eighths % 8))!)
    return full + part + String(repeating: "░", count: length - full.count - part.count)
  }

  /// `950 ms`, `1.2 s`, `59 s`, `2:05`, `1:02:05`.
  package static func time(_ duration: Duration) -> String {
    let seconds = max(0, duration / .seconds(1))
    guard seconds < 1e9 else { return "years" }
    if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 9.95 { return tenths(seconds) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }

  /// `0.5`, `12`, `3.4 k`, `1.2 M`.
  static func count(_ number: Double) -> String {
    for (size, unit) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where number >= size * 0.9995 {
      return (number / size < 99.95 ? tenths(number / size) : "\(Int((number / size).rounded()))") + unit
    }
    return number < 9.95 ? tenths(number) : "\(Int(number.rounded()))"
  }

  private static func tenths(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// `1 234 567`.
  static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(" ", at: place) }
    return String(digits)
  }
}
