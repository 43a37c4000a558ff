// The protocol between a coordinator and a worker: the version, the frames (`Frames/`), the bodies
// of those frames (`Messages/`), the page that both map (`StatusPage/`), and the identifiers of
// workers, calls and items (`Identifiers/`). Values inside bodies are encoded by ProcPoolWire.
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
// A worker answers each item exactly once, in the order in which the items were sent. Items that
// the coordinator has taken back are not answered: the gate on the status page holds the position
// up to which the worker has claimed items, the worker skips chunks until the `resume` frame with
// the epoch of the gate, and positions continue from the first item that was taken back.

/// The first eight bytes of each stream, in the same form in every version: a mark of five bytes,
/// the version in two, and a zero byte.
package enum Preamble {
  /// The version of everything in this module. Increment it with every change.
  package static let version: UInt16 = 4
  /// The length of a preamble in bytes.
  package static let size = 8
  private static let mark: [UInt8] = Array("ppool".utf8)

  /// The preamble that this side sends.
  package static var bytes: [UInt8] {
    mark + [UInt8(truncatingIfNeeded: version), UInt8(version >> 8), 0]
  }

  /// Checks the beginning of a stream from its first byte on, so that the output of a program that
  /// is not a worker is detected before eight bytes have arrived.
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
