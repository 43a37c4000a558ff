import ProcPoolSystem
import Synchronization

/// Memory files that a worker has passed along with handles, until each has been claimed by a
/// handle.
package struct PassedFiles: Sendable {
  fileprivate let files: [FileIdentity: OpenFile]
  /// Whether some files were lost on arrival because this process has reached its limit on open
  /// files.
  fileprivate let isCut: Bool

  /// Takes over open descriptors. Those whose status cannot be read are closed.
  package init(owning numbers: [Int32], isCut: Bool) {
    var files: [FileIdentity: OpenFile] = [:]
    for number in numbers {
      let file = Descriptor(owning: number)
      guard let identity = try? FileIdentity(of: file) else { continue }
      files[identity] = OpenFile(file)
    }
    self.files = files
    self.isCut = isCut
  }
}

/// An open file that is mapped on demand, because mapping its pages takes time.
private final class OpenFile: Sendable {
  private let file: Mutex<Descriptor?>
  init(_ file: consuming Descriptor) { self.file = Mutex(file) }

  func map() throws(SystemError) -> SharedRegion? {
    guard let file = file.withLock({ $0.take() }) else { return nil }
    return try SharedRegion(taking: file)
  }
}

/// Blocks that workers have lent to a call: outputs or errors that the caller has not decoded yet
/// contain handles of them.
///
/// A worker passes the files before it finishes the items whose outputs refer to them, and keeps
/// the blocks until the coordinator acknowledges them. The memory therefore survives a crash of the
/// worker at any moment.
package final class LentBlocks: Sendable {
  private enum Lent {
    case block(SharedBlock)
    case file(OpenFile)
    /// The memory could not be opened. There is no second attempt: the worker no longer has to keep
    /// it, and a mapping without a descriptor of its own cannot be lent to other processes.
    case lost(SharedMemoryError)
  }

  /// The lent blocks by nonce, with the number of undecoded outputs that contain a handle of each.
  private let lent = Mutex<[UInt64: (lent: Lent, outputs: Int)]>([:])

  package init() {}

  /// Takes over the memory that the handle of a worker names.
  ///
  /// - Parameters:
  ///   - worker: the process ID of the worker, which can lend its own memory and memory that this
  ///     process has lent to it.
  ///   - files: the files that the worker has passed with the handle. Other files are requested
  ///     from the process.
  ///   - isEnding: whether the worker has begun to end. It is called if the worker no longer has
  ///     the memory open or does not give access to it, as is the case at any worker's end.
  /// - Returns: `false` if the memory is lost with the worker. If it is lost for another reason,
  ///   the item fails with the reason when its output is decoded.
  package func add(
    _ handle: SharedHandle, from worker: Int32, _ files: PassedFiles, isEnding: () -> Bool
  ) -> Bool {
    let isKnown = lent.withLock { lent in
      lent[handle.nonce]?.outputs += 1
      return lent[handle.nonce] != nil
    }
    guard !isKnown, let found = Self.find(handle, worker, files) else { return true }
    switch found {
    // The end takes the worker's memory before its files, and with it access for users without privileges.
    case .lost(.gone) where isEnding(), .lost(.denied) where isEnding(): return false
    default: lent.withLock { $0[handle.nonce] = (found, 1) }
    }
    return true
  }

  private static func find(_ handle: SharedHandle, _ worker: Int32, _ files: PassedFiles) -> Lent? {
    if let block = BlockRegistry.shared.block(handle.nonce) { return .block(block) }
    let passed = files.files[handle.identity]
    guard passed != nil || handle.owner.pid == worker else { return nil }
    do throws(SharedMemoryError) {
      // Small blocks are in slabs, and are mapped immediately: the worker would reuse their slot
      // after the acknowledgement.
      let isSmall = handle.fileSize <= Slabs.largest
      if isSmall, let region = BlockRegistry.shared.region(handle.identity) {
        return .block(try BlockRegistry.shared.block(for: handle) { () throws(SharedMemoryError) in region })
      }
      let file: OpenFile
      if let passed { file = passed } else { file = OpenFile(try open(handle, files)) }
      return isSmall ? .block(try block(handle, in: file)) : .file(file)
    } catch {
      return .lost(error)
    }
  }

  /// Requests a file from the process that the handle names.
  private static func open(
    _ handle: SharedHandle, _ files: PassedFiles
  ) throws(SharedMemoryError) -> Descriptor {
    do throws(SharedMemoryError) {
      return try handle.openFile()
    } catch {
      // The file was passed, but this process could not open it.
      throw files.isCut ? .outOfDescriptors : error
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

  /// Returns the block that a handle in an output names; `nil` if no worker has lent it.
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

/// The body of a `lend` frame: the number of files that were passed with it, and the handles.
package struct Loan {
  package var passedFiles: Int
  package var handles: [SharedHandle]

  package static func words(of blocks: [SharedBlock], passedFiles: Int) -> [UInt64] {
    [UInt64(passedFiles)] + blocks.flatMap { SharedHandle($0).words }
  }

  /// Parses the body of a frame; `nil` if it is malformed.
  package init?(_ body: UnsafeRawBufferPointer) {
    func word(_ index: Int) -> UInt64 {
      UInt64(littleEndian: body.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    let size = SharedHandle.wordCount
    guard body.count >= 8, body.count % 8 == 0, (body.count / 8 - 1) % size == 0 else { return nil }
    handles = []
    for start in Swift.stride(from: 1, to: body.count / 8, by: size) {
      guard let handle = try? SharedHandle(words: (start..<start + size).map(word)) else { return nil }
      handles.append(handle)
    }
    // Each file belongs to at least one handle.
    guard word(0) <= UInt64(handles.count) else { return nil }
    passedFiles = Int(word(0))
  }
}
