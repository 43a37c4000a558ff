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

/// The flags of a chunk's frame.
package struct ChunkFlags: Equatable, Sendable {
  /// Send the results when the chunk is done, even if there is more to run: its items are long enough that a
  /// write costs nothing beside them.
  package var flushes: Bool
  /// The last of a call that began right after another one: the next will follow as soon, most likely, and is worth
  /// polling for.
  package var awaitsCall: Bool
  /// How many items the worker may claim at a time, as a power of two: what it has claimed cannot be taken
  /// back, and a claim costs an atomic operation.
  package var claimExponent: UInt8

  package init(flushes: Bool, claimExponent: UInt8, awaitsCall: Bool = false) {
    self.flushes = flushes
    self.awaitsCall = awaitsCall
    self.claimExponent = min(claimExponent, 15)
  }

  package init(rawValue: UInt8) {
    self.init(flushes: rawValue & 1 != 0, claimExponent: rawValue >> 4, awaitsCall: rawValue & 2 != 0)
  }

  package var rawValue: UInt8 { (flushes ? 1 : 0) | (awaitsCall ? 2 : 0) | claimExponent << 4 }
}
