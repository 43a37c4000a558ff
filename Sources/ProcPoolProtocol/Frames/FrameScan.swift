/// The result of scanning received bytes for a frame.
package enum FrameScan: Equatable, Sendable {
  /// A complete frame with this header. The body starts ``FrameHeader/size`` bytes after the start
  /// of the frame.
  case frame(FrameHeader)
  /// The number of bytes, from the start of the frame, that is needed before the next scan.
  case needs(Int)

  /// Scans the frame at the start of `bytes`.
  ///
  /// - Parameter limit: the maximum length of a body in bytes.
  package static func scan(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(FrameError) -> FrameScan {
    guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else {
      return .needs(FrameHeader.size)
    }
    let header = try FrameHeader(loading: base)
    if header.bodyLength > limit { throw .tooLong(bodyLength: header.bodyLength, limit: limit) }
    return bytes.count >= header.frameLength ? .frame(header) : .needs(header.frameLength)
  }
}
