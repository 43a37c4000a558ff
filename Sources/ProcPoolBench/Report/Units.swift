/// Formats numbers with three digits and a unit.
enum Units {
  /// A time: `1.23 s`, `45.6 ms`, `789 µs`, `12.0 ns`.
  static func seconds(_ value: Double) -> String {
    for (size, unit) in [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")] where value >= size * 0.9995 {
      return threeDigits(value / size) + " " + unit
    }
    return threeDigits(value * 1e9) + " ns"
  }

  /// A number of bytes in powers of 1 024: `12 B`, `1.50 KiB`, `160 MiB`.
  static func bytes(_ value: Double) -> String {
    guard value >= 1_024 else { return fixed(value, decimals: 0) + " B" }
    var rest = value
    var unit = "B"
    for next in ["KiB", "MiB", "GiB", "TiB"] where rest >= 1_023.5 {
      rest /= 1_024
      unit = next
    }
    return threeDigits(rest) + " " + unit
  }

  /// A number of things: `12`, `1.50 k`, `2.10 M`.
  static func count(_ value: Double) -> String {
    for (size, unit) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where value >= size * 0.9995 {
      return threeDigits(value / size) + unit
    }
    return value == value.rounded() ? fixed(value, decimals: 0) : threeDigits(value)
  }

  /// A factor: `12.3×`, `1.93×`, `0.25×`, and `1/640×` for small factors.
  static func factor(_ value: Double) -> String {
    if value > 0, value < 0.0995 { return "1/" + fixed(1 / value, decimals: 0) + "×" }
    return fixed(value, decimals: value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + "×"
  }

  /// A whole number in groups of three digits: `80 000`.
  static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result += " " }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  private static func threeDigits(_ value: Double) -> String {
    fixed(value, decimals: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  }

  /// A number with a fixed number of decimals, rounded half away from zero.
  static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let whole = scaled / Int(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(whole) }
    let fraction = String(scaled % Int(scale))
    return sign + "\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}
