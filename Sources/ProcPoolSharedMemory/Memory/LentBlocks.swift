import ProcPoolSystem
import Synchronization

/// Blocks that workers have lent to a call: their outputs hold handles of them, and the caller has not
/// decoded those yet.
///
/// A worker keeps what it lends until it is told that it has arrived here; from then on it may end, and the
/// memory stays.
package final class LentBlocks: Sendable {
  private enum Lent {
    case block(SharedBlock)
    /// Opened, and mapped when it is asked for: having its pages at hand takes a while.
    case file(OpenFile)
    /// Could not be opened. It is not tried again: the worker does not have to keep it any more, and what is
    /// mapped without having been taken over cannot be lent to others.
    case lost(SharedMemoryError)
  }

  private final class OpenFile: Sendable {
    private let file: Mutex<Descriptor?>
    init(_ file: consuming Descriptor) { self.file = Mutex(file) }

    func map() throws(SystemError) -> SharedRegion? {
      guard let file = file.withLock({ $0.take() }) else { return nil }
      return try SharedRegion(taking: file)
    }
  }

  /// By nonce; and how many outputs hold it that have not been decoded.
  private let lent = Mutex<[UInt64: (lent: Lent, outputs: Int)]>([:])

  package init() {}

  /// Takes over what a handle names, that a worker sent. What cannot be taken over fails its item, with the
  /// reason, when the output is decoded.
  ///
  /// - Parameter worker: its process: it can lend what it has, and what it was lent from here.
  package func add(_ handle: SharedHandle, from worker: Int32) {
    let isKnown = lent.withLock { lent in
      lent[handle.nonce]?.outputs += 1
      return lent[handle.nonce] != nil
    }
    guard !isKnown, let found = Self.find(handle, worker) else { return }
    lent.withLock { $0[handle.nonce] = (found, 1) }
  }

  private static func find(_ handle: SharedHandle, _ worker: Int32) -> Lent? {
    if let block = BlockRegistry.shared.block(handle.nonce) { return .block(block) }
    guard handle.owner.pid == worker else { return nil }
    do throws(SharedMemoryError) {
      let file = OpenFile(try handle.openFile())
      guard handle.fileSize <= Slabs.largest else { return .file(file) }
      // Its place in a slab would be given to others.
      return .block(try block(handle, in: file))
    } catch {
      return .lost(error)
    }
  }

  private static func block(
    _ handle: SharedHandle, in file: OpenFile
  ) throws(SharedMemoryError) -> SharedBlock {
    try BlockRegistry.shared.block(for: handle) { () throws(SharedMemoryError) in
      do throws(SystemError) {
        if let region = try file.map() { return region }
      } catch {
        throw SharedMemoryError(error, asked: handle.fileSize)
      }
      throw .gone("it was taken before")
    }
  }

  /// The block that a handle in an output names, if a worker has lent it.
  package func take(_ handle: SharedHandle) throws(SharedMemoryError) -> SharedBlock? {
    let block: SharedBlock
    switch lent.withLock({ $0[handle.nonce]?.lent }) {
    case .none: return nil
    case .block(let known): block = try known.verified(as: handle)
    case .file(let file): block = try Self.block(handle, in: file)
    case .lost(let reason): throw reason
    }
    lent.withLock { lent in
      guard let outputs = lent[handle.nonce]?.outputs else { return }
      lent[handle.nonce] = outputs > 1 ? (.block(block), outputs - 1) : nil
    }
    return block
  }
}

extension SharedHandle {
  /// Handles as the body of a frame.
  package static func words(of blocks: [SharedBlock]) -> [UInt64] {
    blocks.flatMap { SharedHandle($0).words }
  }

  /// The handles in the body of a frame; `nil` if it is none.
  package static func handles(in body: UnsafeRawBufferPointer) -> [SharedHandle]? {
    let size = wordCount * 8
    guard body.count % size == 0 else { return nil }
    var handles: [SharedHandle] = []
    for start in Swift.stride(from: 0, to: body.count, by: size) {
      let words = (0..<wordCount).map {
        UInt64(littleEndian: body.loadUnaligned(fromByteOffset: start + 8 * $0, as: UInt64.self))
      }
      guard let handle = try? SharedHandle(words: words) else { return nil }
      handles.append(handle)
    }
    return handles
  }
}
