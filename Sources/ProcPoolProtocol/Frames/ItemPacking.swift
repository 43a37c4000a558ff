import ProcPoolWire

/// How the items of a chunk lie in a frame's body.
///
/// Values of fixed size lie back to back, `stride` bytes each. All others are preceded by their length as a
/// varint, so that one that cannot be decoded costs nothing but itself, and so that a chunk can be cut
/// without knowing its type.
package struct ItemPacking: Equatable, Sendable {
  /// Bytes per item, or 0 where each item says its own length.
  package let stride: Int

  package init(stride: Int) {
    self.stride = stride
  }

  /// The bytes of the next item, taken off the front of `reader`.
  package func next(_ reader: inout WireReader) throws(WireError) -> UnsafeRawBufferPointer {
    if stride > 0 { return try reader.readBytes(stride) }
    return try reader.readBytes(reader.readCount(minimumBytesEach: 1))
  }

  /// How many bytes the first `count` items of `body` take.
  ///
  /// - Complexity: O(1) for values of fixed size, else O(`count`).
  package func length(ofFirst count: Int, in body: UnsafeRawBufferPointer) throws(WireError) -> Int {
    var reader = WireReader(body)
    if stride > 0 {
      let (length, overflow) = stride.multipliedReportingOverflow(by: count)
      _ = try reader.readBytes(overflow ? -1 : length)
    } else {
      for _ in 0..<count { _ = try next(&reader) }
    }
    return reader.offset
  }
}
