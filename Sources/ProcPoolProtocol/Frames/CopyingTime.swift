/// How long payloads take, for those who poll while the other side copies them.
package enum CopyingTime {
  /// Nanoseconds at the most, for so many bytes: at 2 GB/s, a third of what is usual, for a millisecond at
  /// the most. Beside what takes longer, waking up counts for little.
  package static func of(_ bytes: Int) -> Int64 { min(Int64(bytes / 2), 1_000_000) }
}
