/// The 24 bytes before every body.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 6 | length of the body in bytes, without padding |
/// | 6 | 1 | kind |
/// | 7 | 1 | flags |
/// | 8 | 4 | call |
/// | 12 | 4 | count of items |
/// | 16 | 8 | index of the first item within its call |
///
/// Numbers are little-endian. The body follows, then zero bytes up to a multiple of 8, so that all
/// headers and bodies in a buffer are aligned if the first frame is. The call and the items are in
/// the header, so that a body that cannot be decoded fails the right item.
package struct FrameHeader: Equatable, Sendable {
  package var kind: FrameKind
  package var flags: UInt8
  package var call: CallID
  package var count: UInt32
  package var first: UInt64
  package var bodyLength: Int

  /// The length of a header in bytes.
  package static let size = 24
  /// The maximum length of a body in bytes, which must fit six bytes: 256 TiB.
  package static let maximumBodyLength = 1 << 48 - 1
  /// The value of ``count`` while a worker adds items to a results frame in its buffer. It is never
  /// sent.
  package static let openCount = UInt32.max

  package init(
    _ kind: FrameKind, flags: UInt8 = 0, call: CallID = 0, count: UInt32 = 0, first: UInt64 = 0,
    bodyLength: Int = 0
  ) {
    self.kind = kind
    self.flags = flags
    self.call = call
    self.count = count
    self.first = first
    self.bodyLength = bodyLength
  }

  /// The length of the frame in bytes: header, body and padding.
  package var frameLength: Int { Self.size + Self.padded(bodyLength) }

  /// `length` rounded up to a multiple of 8.
  package static func padded(_ length: Int) -> Int { (length + 7) & ~7 }

  /// Writes the header into the 24 bytes at `place`.
  package func store(to place: UnsafeMutableRawPointer) {
    let length = UInt64(bodyLength) | UInt64(kind.rawValue) << 48 | UInt64(flags) << 56
    place.storeBytes(of: length, as: UInt64.self)
    place.storeBytes(of: call.number, toByteOffset: 8, as: UInt32.self)
    place.storeBytes(of: count, toByteOffset: 12, as: UInt32.self)
    place.storeBytes(of: first, toByteOffset: 16, as: UInt64.self)
  }

  /// Reads a header from 24 bytes, which need not be aligned.
  ///
  /// - Throws: ``FrameError/unknownKind(_:)``.
  package init(loading place: UnsafeRawPointer) throws(FrameError) {
    let word = place.loadUnaligned(as: UInt64.self)
    let kind = UInt8(truncatingIfNeeded: word >> 48)
    guard let known = FrameKind(rawValue: kind) else { throw .unknownKind(kind) }
    self.init(
      known, flags: UInt8(word >> 56),
      call: CallID(place.loadUnaligned(fromByteOffset: 8, as: UInt32.self)),
      count: place.loadUnaligned(fromByteOffset: 12, as: UInt32.self),
      first: place.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
      bodyLength: Int(word & 0xFFFF_FFFF_FFFF))
  }
}
