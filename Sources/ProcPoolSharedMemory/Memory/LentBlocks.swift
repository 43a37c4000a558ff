import ProcPoolSystem
import Synchronization

/// Files of memory that a worker has passed along with handles, until it is known what becomes of each.
package struct PassedFiles: Sendable {
  fileprivate let files: [FileIdentity: OpenFile]
  /// Some were lost on arrival, since this process may not open any more.
  fileprivate let isCut: Bool

  /// Takes over open descriptors. What is no file of memory, or cannot be looked at, is closed.
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

/// A file that is open, and mapped when it is asked for: having its pages at hand takes a while.
private final class OpenFile: Sendable {
  private let file: Mutex<Descriptor?>
  init(_ file: consuming Descriptor) { self.file = Mutex(file) }

  func map() throws(SystemError) -> SharedRegion? {
    guard let file = file.withLock({ $0.take() }) else { return nil }
    return try SharedRegion(taking: file)
  }
}

/// Blocks that workers have lent to a call: their outputs, or errors, hold handles of them, and the caller has not
/// decoded those yet.
///
/// A worker passes the files on before what refers to them is finished, and keeps the blocks until it is told that
/// they have arrived here: the memory stays, at whatever instant it ends.
package final class LentBlocks: Sendable {
  private enum Lent {
    case block(SharedBlock)
    case file(OpenFile)
    /// Could not be opened. It is not tried again: the worker does not have to keep it any more, and what is
    /// mapped without having been taken over cannot be lent to others.
    case lost(SharedMemoryError)
  }

  /// By nonce; and how many outputs hold it that have not been decoded.
  private let lent = Mutex<[UInt64: (lent: Lent, outputs: Int)]>([:])

  package init() {}

  /// Takes over what a handle names, that a worker sent. What cannot be taken over fails its item, with the
  /// reason, when the output is decoded.
  ///
  /// - Parameters:
  ///   - worker: its process: it can lend what it has, and what it was lent from here.
  ///   - files: what it has passed with the handle. What is not among them is asked of the process.
  /// - Returns: `false` if the process no longer has it open.
  package func add(_ handle: SharedHandle, from worker: Int32, _ files: PassedFiles) -> Bool {
    let isKnown = lent.withLock { lent in
      lent[handle.nonce]?.outputs += 1
      return lent[handle.nonce] != nil
    }
    guard !isKnown, let found = Self.find(handle, worker, files) else { return true }
    if case .lost(.gone) = found { return false }
    lent.withLock { $0[handle.nonce] = (found, 1) }
    return true
  }

  /// What a handle names is gone: its item fails with that.
  package func addGone(_ handle: SharedHandle) {
    let reason = "process \(handle.owner.pid) no longer has it open"
    lent.withLock { $0[handle.nonce] = (.lost(.gone(reason)), 1) }
  }

  private static func find(_ handle: SharedHandle, _ worker: Int32, _ files: PassedFiles) -> Lent? {
    if let block = BlockRegistry.shared.block(handle.nonce) { return .block(block) }
    let passed = files.files[handle.identity]
    guard passed != nil || handle.owner.pid == worker else { return nil }
    do throws(SharedMemoryError) {
      // Its place in a slab would be given to others.
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

  /// Asks the process for what has not come with the handle.
  private static func open(
    _ handle: SharedHandle, _ files: PassedFiles
  ) throws(SharedMemoryError) -> Descriptor {
    do throws(SharedMemoryError) {
      return try handle.openFile()
    } catch {
      // It was there, and there was no room for it.
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

/// What a worker lends, as the body of a frame: how many files it has passed with it, and the handles.
package struct Loan {
  package var passedFiles: Int
  package var handles: [SharedHandle]

  package static func words(of blocks: [SharedBlock], passedFiles: Int) -> [UInt64] {
    [UInt64(passedFiles)] + blocks.flatMap { SharedHandle($0).words }
  }

  /// `nil` if it is none.
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
    // No more than there is to lend.
    guard word(0) <= UInt64(handles.count) else { return nil }
    passedFiles = Int(word(0))
  }
}
