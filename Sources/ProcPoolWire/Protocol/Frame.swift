/// What a frame carries. The bodies are specified in `Message.swift`.
package enum FrameKind: UInt8, Sendable, CaseIterable {
  // Coordinator to worker
  /// Settings of the worker; the first frame. Body: ``Hello``.
  case hello = 1
  /// The task value of a call, once before the call's first chunk. Body: ``CallMessage``.
  case call = 2
  /// Items to run. Body: ``count`` inputs, packed (see ``ItemPacking``).
  case chunk = 3
  /// Chunks after a take-back follow; ``first`` holds the gate's epoch. No body.
  case resume = 4
  /// The call will send no more chunks: its task value can go. No body.
  case endCall = 5
  /// The worker is to leave. No body.
  case end = 6
  /// What the worker lent first has arrived: ``count`` shared blocks. No body.
  case acknowledge = 7

  /// As ``chunk``, whose body lies in the coordinator's memory. Body: ``BodyLocation``.
  case chunkElsewhere = 8

  /// The next chunk's item was begun before: ``count`` is the number of this attempt. No body.
  case attempt = 9
  /// The worker is number ``count`` of the pool from now on. No body.
  case seat = 10
  /// Memory of the coordinator's for outputs of the next chunk. Body: ``BodyLocation``.
  case room = 11
  /// The chunks follow once more that the worker has not answered, all of them in the pipe. No body.
  case again = 12

  // Worker to coordinator
  /// The worker is ready; its first frame. Body: ``Greeting``.
  case greeting = 64
  /// Outputs of consecutive items. Body: ``count`` outputs, packed.
  case results = 65
  /// Consecutive items ended without an output, all for one reason. Body: ``ErrorReport``.
  case failure = 66
  /// Shared blocks whose handles are in an output, or an error, of ``call`` that follows: that of the item at position
  /// ``first`` in the worker's order. Body: a 64-bit number of files that have been passed with it, then ``count``
  /// handles.
  case lend = 67
  /// As ``results``, but the frame itself lies in the chunk's room. Body: ``RemoteFrame``.
  case resultsElsewhere = 68
  /// The worker cannot reach the memory that a chunk lies in, and has begun none of it. It skips all chunks until
  /// `again`. No body.
  case unreachable = 69
  /// The worker may not look into the coordinator's process, and asks for shared memory by its socket. No body.
  case refused = 70
}

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
/// All little-endian. The body follows, then zero bytes up to a multiple of 8, so that in a buffer whose
/// first frame is aligned every header and every body is. Call and items stand in the header, so that a body
/// that cannot be decoded still fails the right item.
package struct FrameHeader: Equatable, Sendable {
  package var kind: FrameKind
  package var flags: UInt8
  package var call: UInt32
  package var count: UInt32
  package var first: UInt64
  package var bodyLength: Int

  /// Bytes of a header.
  package static let size = 24
  /// A body's length must fit six bytes: 256 TiB.
  package static let maximumBodyLength = 1 << 48 - 1
  /// Stands in ``count`` while a worker is still adding items to a results frame in its buffer; never on a
  /// pipe.
  package static let openCount = UInt32.max

  package init(
    _ kind: FrameKind, flags: UInt8 = 0, call: UInt32 = 0, count: UInt32 = 0, first: UInt64 = 0,
    bodyLength: Int = 0
  ) {
    self.kind = kind
    self.flags = flags
    self.call = call
    self.count = count
    self.first = first
    self.bodyLength = bodyLength
  }

  /// Bytes of the frame: header, body and padding.
  package var frameLength: Int { Self.size + Self.padded(bodyLength) }

  /// `length` rounded up to a multiple of 8.
  package static func padded(_ length: Int) -> Int { (length + 7) & ~7 }

  /// Writes the header into the 24 bytes at `place`.
  package func store(to place: UnsafeMutableRawPointer) {
    let length = UInt64(bodyLength) | UInt64(kind.rawValue) << 48 | UInt64(flags) << 56
    place.storeBytes(of: length, as: UInt64.self)
    place.storeBytes(of: call, toByteOffset: 8, as: UInt32.self)
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
      call: place.loadUnaligned(fromByteOffset: 8, as: UInt32.self),
      count: place.loadUnaligned(fromByteOffset: 12, as: UInt32.self),
      first: place.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
      bodyLength: Int(word & 0xFFFF_FFFF_FFFF))
  }
}

/// Why bytes are not a frame.
package enum FrameError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The stream does not begin as the other side's must.
  case notProcPool
  /// The other side speaks another version of the protocol.
  case version(UInt16)
  case unknownKind(UInt8)
  /// The body is longer than the pool allows.
  case tooLong(bodyLength: Int, limit: Int)
  /// A frame that must not come at this point, or contradicts what was sent.
  case unexpected(String)

  package var description: String {
    switch self {
    case .notProcPool: "the stream does not begin with procpool's mark"
    case .version(let version):
      "the other side speaks protocol version \(version), this side \(Preamble.version)"
    case .unknownKind(let kind): "a frame of unknown kind \(kind)"
    case .tooLong(let bodyLength, let limit):
      "a frame of \(bodyLength) bytes, where at most \(limit) are allowed"
    case .unexpected(let what): what
    }
  }
}

/// The eight bytes with which each side opens its stream, the same in every version: seven of mark and
/// version, one 0.
package enum Preamble {
  /// The version of everything in this folder. Raised by one with any change of it.
  package static let version: UInt16 = 2
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
