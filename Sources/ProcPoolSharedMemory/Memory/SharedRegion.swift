import ProcPoolSystem

/// A mapping of a memory file.
///
/// A process that created the file, or took it over from a worker, has a descriptor of it, through
/// which other processes attach. A process that attached has only the mapping.
package final class SharedRegion: Sendable {
  let mapping: SharedMapping
  let identity: FileIdentity
  private let file: Descriptor?

  /// The owner that handles name: the process that has a descriptor, the number of the descriptor,
  /// and the socket on which the process answers.
  let owner: Owner

  struct Owner: Hashable {
    var pid: Int32
    var descriptor: Int32
    var server: UInt64
  }

  private init(
    mapping: SharedMapping, identity: FileIdentity, file: consuming Descriptor?, owner: Owner
  ) {
    self.mapping = mapping
    self.identity = identity
    self.file = file
    self.owner = owner
  }

  /// Creates memory of `count` bytes, all of them allocated and mapped.
  static func make(count: Int) throws(SharedMemoryError) -> SharedRegion {
    try requireAvailable(count)
    do throws(SystemError) {
      let file = try SharedMapping.makeFile(named: "procpool", count: count)
      return try SharedRegion(taking: file)
    } catch {
      throw SharedMemoryError(error, asked: count)
    }
  }

  /// Checks that enough memory is available. The kernel would overcommit, and later kill a process.
  static func requireAvailable(_ count: Int) throws(SharedMemoryError) {
    if let available = MemoryAllowance.available(), available < count {
      throw .insufficient(asked: count, available: available, place: "the machine, or the control group,")
    }
  }

  /// Maps a file that this process has opened, and keeps it open for others to attach.
  convenience init(taking file: consuming Descriptor) throws(SystemError) {
    let identity = try FileIdentity(of: file)
    let mapping = try SharedMapping(file, count: identity.size)
    try mapping.populate()
    let number = file.number
    let owner = Owner(pid: ProgramIdentity.pid, descriptor: number, server: BlockServer.number)
    self.init(mapping: mapping, identity: identity, file: file, owner: owner)
  }

  /// The number of the file, if this process has it open.
  var fileNumber: Int32? {
    switch file {
    case .some(let file): file.number
    case .none: nil
    }
  }

  /// Calls a closure with the file, if this process has it open.
  func withFile(_ body: (borrowing Descriptor) -> Void) {
    switch file {
    case .some(let file): body(file)
    case .none: break
    }
  }

  /// Maps a file that another process keeps open.
  static func attach(_ handle: SharedHandle) throws(SharedMemoryError) -> SharedRegion {
    let file = try handle.openFile()
    do throws(SystemError) {
      let identity = try FileIdentity(of: file)
      let mapping = try SharedMapping(file, count: identity.size)
      try mapping.populate()
      return SharedRegion(mapping: mapping, identity: identity, file: nil, owner: handle.owner)
    } catch {
      throw SharedMemoryError(error, asked: handle.fileSize)
    }
  }
}

extension SharedMemoryError {
  /// Translates the failure of a call for a caller that requested memory.
  init(_ error: SystemError, asked: Int) {
    let available = error.isOutOfMemory ? MemoryAllowance.available() : nil
    if error.isOutOfDescriptors {
      self = .outOfDescriptors
    } else if error.isOverFileSizeLimit, let limit = FileSizeLimit.current, limit < asked {
      self = .fileSizeLimit(asked: asked, limit: limit)
    } else if error.isOutOfMemory, available ?? 0 < asked {
      self = .insufficient(asked: asked, available: available, place: "the machine")
    } else {
      // ENOMEM has other reasons as well, such as the limit on the number of mappings.
      self = .system("\(error)")
    }
  }
}
