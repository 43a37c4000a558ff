/// What the bytes that have come so far amount to.
package enum FrameScan: Equatable, Sendable {
  /// A whole frame: its header; the body begins ``FrameHeader/size`` bytes after the frame does.
  case frame(FrameHeader)
  /// So many bytes from the frame's first are needed before it can be looked at again.
  case needs(Int)

  /// Looks at the frame that begins with the first of `bytes`.
  ///
  /// - Parameter limit: the longest body that is accepted.
  package static func scan(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(FrameError) -> FrameScan {
    guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else {
      return .needs(FrameHeader.size)
    }
    let header = try FrameHeader(loading: base)
    if header.bodyLength > limit { throw .tooLong(bodyLength: header.bodyLength, limit: limit) }
    return bytes.count >= header.frameLength ? .frame(header) : .needs(header.frameLength)
  }
}
