import ProcPoolWire

/// The layout of a chunk's items in the body of a frame.
///
/// Values of fixed size are packed back to back, `stride` bytes each. Other values are preceded by
/// their length as a varint, so that an item that cannot be decoded does not affect others, and so
/// that a chunk can be divided without knowing its type.
package struct ItemPacking: Equatable, Sendable {
  /// The number of bytes per item, or 0 if each item has its own length.
  package let stride: Int

  package init(stride: Int) {
    self.stride = stride
  }

  /// Reads the bytes of the next item.
  package func next(_ reader: inout WireReader) throws(WireError) -> UnsafeRawBufferPointer {
    if stride > 0 { return try reader.readBytes(stride) }
    return try reader.readBytes(reader.readCount(minimumBytesEach: 1))
  }

  /// The number of bytes of the first `count` items of `body`.
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
