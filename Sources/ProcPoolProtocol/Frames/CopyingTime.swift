/// The estimated time to copy payloads, during which the other side polls.
package enum CopyingTime {
  /// The time for a number of bytes in nanoseconds: at 2 GB/s, a third of the usual speed, and at
  /// most a millisecond, because waking up costs little compared with longer copies.
  package static func of(_ bytes: Int) -> Int64 { min(Int64(bytes / 2), 1_000_000) }
}
