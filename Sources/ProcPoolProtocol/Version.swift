// What a coordinator and a worker agree on: the version, the frames between them (`Frames/`), the bodies of those
// frames (`Messages/`), the page that both map (`StatusPage/`), and the names of workers, calls and items
// (`Identifiers/`). Values inside bodies are encoded by ProcPoolWire.
//
//   coordinator                                    worker
//     preamble, hello  ──────────────────────────▶
//                      ◀──────────────────────────  preamble, greeting
//     call, chunk, chunk, …  ────────────────────▶
//                      ◀──────────────────────────  prepared
//                      ◀──────────────────────────  results, failure, results, …
//                                                     (in the order in which the items were sent)
//     endCall  ──────────────────────────────────▶
//     end  ──────────────────────────────────────▶  (exits)
//
// A worker answers each item exactly once, in the order in which items were sent. It does not answer items that the
// coordinator has taken back: the gate on the status page holds the position up to which the worker has claimed items,
// the worker skips chunks until the `resume` frame with the gate's epoch, and positions continue from the first item
// that was taken back.

/// The eight bytes that open each side's stream: a mark, the version, and a zero. Their layout is the same in every
/// version.
package enum Preamble {
  /// The version of everything in this module. Any change of it raises the version by one.
  package static let version: UInt16 = 4
  /// Bytes of a preamble.
  package static let size = 8
  private static let mark: [UInt8] = Array("ppool".utf8)

  /// The preamble that this side sends.
  package static var bytes: [UInt8] {
    mark + [UInt8(truncatingIfNeeded: version), UInt8(version >> 8), 0]
  }

  /// Checks the beginning of a stream, as soon as its first byte is there: what a program prints that is no
  /// worker is recognised before eight bytes of it have come.
  ///
  /// - Returns: whether the preamble is complete.
  package static func check(_ stream: UnsafeRawBufferPointer) throws(FrameError) -> Bool {
    for (index, expected) in mark.enumerated() where index < stream.count && stream[index] != expected {
      throw .notProcPool
    }
    guard stream.count >= size else { return false }
    let found = UInt16(stream[5]) | UInt16(stream[6]) << 8
    if found != version { throw .version(found) }
    if stream[7] != 0 { throw .notProcPool }
    return true
  }
}
