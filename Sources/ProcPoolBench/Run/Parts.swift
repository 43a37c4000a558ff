/// Division of a range into consecutive parts whose sizes differ by at most one.
enum Parts {
  /// Returns `count` parts, or fewer if the range has fewer elements.
  static func of(_ range: Range<Int>, count: Int) -> [Range<Int>] {
    let parts = min(count, range.count)
    return (0..<parts).map { part in
      let lower = range.lowerBound + range.count * part / parts
      let upper = range.lowerBound + range.count * (part + 1) / parts
      return lower..<upper
    }
  }
}
