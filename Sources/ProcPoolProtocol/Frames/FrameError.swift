/// The reason why bytes are not a valid frame.
package enum FrameError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The stream does not start with the preamble.
  case notProcPool
  /// The other side speaks another version of the protocol.
  case version(UInt16)
  case unknownKind(UInt8)
  /// The body is longer than the pool allows.
  case tooLong(bodyLength: Int, limit: Int)
  /// The frame is not allowed at this point, or contradicts earlier frames.
  case unexpected(String)

  package var description: String {
    switch self {
    case .notProcPool: "the stream does not begin with procpool's mark"
    case .version(let version):
      "the other side speaks protocol version \(version), this side \(Preamble.version)"
    case .unknownKind(let kind): "a frame of unknown kind \(kind)"
    case .tooLong(let bodyLength, let limit):
      "a frame of \(bodyLength) bytes, but at most \(limit) are allowed"
    case .unexpected(let what): what
    }
  }
}
