import Glibc
import ProcPoolSystem
import ProcPoolWire

/// What travels instead of shared memory: where it is, and how to know that it is the right one.
package struct SharedHandle: Hashable, Sendable {
  /// The process that has a descriptor of the file.
  var owner: SharedRegion.Owner
  /// The file, so that a descriptor's number that has become another file's is found out.
  var device: UInt64
  var inode: UInt64
  var fileSize: Int
  /// Where the block's header lies in the file, and the bytes that follow it.
  var offset: Int
  var byteCount: Int
  /// The block's number, so that memory that has become another block's is found out.
  package var nonce: UInt64
  var kind: BlockKind
  var stride: UInt32

  /// 64-bit words that a handle is written as.
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

  /// - Throws: ``SharedMemoryError/mismatched(_:)`` if the numbers cannot be a handle's.
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

  /// Opens the file through the process that has it: by `/proc`, which costs no more than a file, or by
  /// asking that process, if others cannot look into it.
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

  /// Asks the process that has the file for it. At most numbers no process answers, which is known at once.
  ///
  /// - Parameter isRefused: whether there is no other way: then that process is told, if it can be, and starts to
  ///   answer.
  private func ask(isRefused: Bool) throws(SystemError) -> Descriptor? {
    do throws(SystemError) {
      return try DescriptorSocket.ask(owner.server, for: nonce)
    } catch {
      guard error.code == ECONNREFUSED, isRefused, let tell = SharedScope.current?.isRefused, tell(owner.pid)
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

  /// How long a process may take to start to answer: it may be stopped for a moment. Nanoseconds.
  private static let patience: Int64 = 10_000_000_000

  private static func reason(_ error: SystemError, _ pid: Int32) -> SharedMemoryError {
    switch error.code {
    case ENOENT, ESRCH, ESTALE:
      .gone("process \(pid) no longer has it open")
    default: error.isOutOfDescriptors ? .outOfDescriptors : .system("\(error)")
    }
  }
}

/// The words alone: what is to be made of them is known to who reads them.
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

/// For encoders of others, which a task may use for a part of itself.
extension SharedHandle: Codable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(words)
  }

  package init(from decoder: any Decoder) throws {
    try self.init(words: decoder.singleValueContainer().decode([UInt64].self))
  }
}
