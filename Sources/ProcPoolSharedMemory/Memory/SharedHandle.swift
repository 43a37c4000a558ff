import Glibc
import ProcPoolSystem
import ProcPoolWire

/// The encoded form of a shared value: where its memory is, and how to verify it.
package struct SharedHandle: Hashable, Sendable {
  /// The process that has a descriptor of the file.
  var owner: SharedRegion.Owner
  /// The identity of the file, to detect a descriptor number that now refers to another file.
  var device: UInt64
  var inode: UInt64
  var fileSize: Int
  /// The offset of the block's header in the file, and the number of bytes that follow it.
  var offset: Int
  var byteCount: Int
  /// The nonce of the block, to detect memory that now holds another block.
  package var nonce: UInt64
  var kind: BlockKind
  var stride: UInt32

  /// The number of 64-bit words in the encoded form.
  static let wordCount = 9

  var words: [UInt64] {
    [
      UInt64(UInt32(bitPattern: owner.pid)) | UInt64(UInt32(bitPattern: owner.descriptor)) << 32, device,
      inode,
      UInt64(fileSize), UInt64(offset), UInt64(byteCount), nonce,
      UInt64(kind.rawValue) | UInt64(stride) << 32,
      owner.server,
    ]
  }

  /// Creates a handle from its encoded form.
  ///
  /// - Throws: ``SharedMemoryError/mismatched(_:)`` if the words are not a valid handle.
  init(words: [UInt64]) throws(SharedMemoryError) {
    guard words.count == Self.wordCount else { throw .mismatched("it has \(words.count) words") }
    owner = SharedRegion.Owner(
      pid: Int32(bitPattern: UInt32(truncatingIfNeeded: words[0])),
      descriptor: Int32(bitPattern: UInt32(words[0] >> 32)), server: words[8])
    (device, inode) = (words[1], words[2])
    guard let fileSize = Int(exactly: words[3]), let offset = Int(exactly: words[4]),
      let byteCount = Int(exactly: words[5])
    else { throw .mismatched("a size is beyond any memory") }
    (self.fileSize, self.offset, self.byteCount) = (fileSize, offset, byteCount)
    nonce = words[6]
    kind = BlockKind(rawValue: UInt32(truncatingIfNeeded: words[7]))
    stride = UInt32(words[7] >> 32)
    let (end, overflow) = offset.addingReportingOverflow(BlockHeader.size)
    guard owner.pid > 0, owner.descriptor >= 0, nonce != 0, !overflow, offset % BlockHeader.size == 0,
      end <= fileSize,
      byteCount <= fileSize - end
    else { throw .mismatched("its numbers contradict each other") }
  }

  init(_ block: SharedBlock) {
    owner = block.region.owner
    (device, inode) = (block.region.identity.device, block.region.identity.inode)
    fileSize = block.region.identity.size
    offset = block.offset
    byteCount = block.byteCount
    nonce = block.nonce
    kind = block.kind
    stride = block.stride
  }

  var identity: FileIdentity { FileIdentity(device: device, inode: inode, size: fileSize) }

  /// Opens the file of the owning process: through `/proc`, at the cost of opening a file, or by a
  /// request to the process if `/proc` does not allow it.
  func openFile() throws(SharedMemoryError) -> Descriptor {
    do throws(SystemError) {
      return try identity.open(ofProcess: owner.pid, descriptor: owner.descriptor)
    } catch {
      let isRefused =
        error.code == EACCES || error.code == EPERM
        || error.code == ENOENT && ProcessSight.isHidden(owner.pid)
      do throws(SystemError) {
        if let file = try ask(isRefused: isRefused) {
          try identity.check(file)
          return file
        }
      } catch let other where other.isOutOfDescriptors {
        throw .outOfDescriptors
      } catch {}
      if isRefused {
        throw .denied(
          "this process, of user \(NamedMemory.user), may not open descriptors of process \(owner.pid), and "
            + "that process does not answer on its socket; run both as the same user, or allow ptrace access")
      }
      throw Self.reason(error, owner.pid)
    }
  }

  /// Requests the file from the owning process. If no server is running there, the connection is
  /// refused immediately.
  ///
  /// - Parameter isRefused: whether there is no other way. The coordinator is then notified, if
  ///   possible, so that the process starts its server.
  private func ask(isRefused: Bool) throws(SystemError) -> Descriptor? {
    do throws(SystemError) {
      return try DescriptorSocket.ask(owner.server, for: nonce)
    } catch {
      guard error.code == ECONNREFUSED, isRefused, let notify = SharedScope.current?.isRefused,
        notify(owner.pid)
      else { throw error }
    }
    let end = MonotonicClock.now() + Self.patience
    while true {
      do throws(SystemError) {
        return try DescriptorSocket.ask(owner.server, for: nonce)
      } catch {
        guard error.code == ECONNREFUSED, MonotonicClock.now() < end else { throw error }
      }
      usleep(1000)
    }
  }

  /// How long to wait for the server to start, in nanoseconds: its process may be stopped for a
  /// moment.
  private static let patience: Int64 = 10_000_000_000

  private static func reason(_ error: SystemError, _ pid: Int32) -> SharedMemoryError {
    switch error.code {
    case ENOENT, ESRCH, ESTALE:
      .gone("process \(pid) no longer has it open")
    default: error.isOutOfDescriptors ? .outOfDescriptors : .system("\(error)")
    }
  }
}

/// Writes the words without any type information: the reader knows which type to expect.
extension SharedHandle: WireCodable {
  package func encode(into writer: inout WireWriter) {
    for word in words { writer.writeFixed(word) }
  }

  package static func decode(from reader: inout WireReader) throws -> SharedHandle {
    var words: [UInt64] = []
    words.reserveCapacity(wordCount)
    for _ in 0..<wordCount { words.append(try reader.readFixed(UInt64.self)) }
    return try SharedHandle(words: words)
  }
}

/// The form for other encoders, which a task may use for a part of itself.
extension SharedHandle: Codable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(words)
  }

  package init(from decoder: any Decoder) throws {
    try self.init(words: decoder.singleValueContainer().decode([UInt64].self))
  }
}
