import CProcPoolShims
import Glibc

/// Memory that several processes see, without a name in any file system: the kernel frees it with its last
/// user.
///
/// - Because `@unchecked Sendable`: the class hands out an address and never touches the bytes itself; who
///   writes what is settled by the types that lay themselves over it (with atomics, in the case of the status
///   page).
public final class SharedMapping: @unchecked Sendable {
  /// The first byte, page-aligned.
  public let base: UnsafeMutableRawPointer
  /// Bytes mapped.
  public let count: Int

  private init(base: UnsafeMutableRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  deinit {
    munmap(base, count)
  }

  /// Maps part of a file of memory and has its pages at hand at once.
  ///
  /// - Parameters:
  ///   - offset: a multiple of the page size.
  ///   - count: more than zero.
  public convenience init(_ file: borrowing Descriptor, offset: Int, count: Int) throws(SystemError) {
    let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, offset)
    guard let address, address != MAP_FAILED else { throw SystemError("mmap") }
    self.init(base: address, count: count)
  }

  /// Makes a file of memory of `count` bytes, all of them allocated: a lack of memory is an error here, never
  /// a `SIGBUS` later.
  public static func makeFile(named name: String, count: Int) throws(SystemError) -> Descriptor {
    let file = Descriptor(owning: try retryingInterrupts("memfd_create") { procpool_memory_file(name) })
    let number = file.number
    try retryingInterrupts("ftruncate") { ftruncate(number, count) }
    while true {
      switch posix_fallocate(number, 0, count) {
      case 0: return file
      case EINTR: continue
      case let code: throw SystemError(call: "posix_fallocate", code: code)
      }
    }
  }
}

/// What identifies an open file among all of a machine: its device and inode.
public struct FileIdentity: Hashable, Sendable {
  public let device: UInt64
  public let inode: UInt64
  /// The file's size in bytes.
  public let size: Int

  public init(device: UInt64, inode: UInt64, size: Int) {
    self.device = device
    self.inode = inode
    self.size = size
  }

  /// The identity of an open file.
  public init(of file: borrowing Descriptor) throws(SystemError) {
    var status = stat()
    let number = file.number
    try retryingInterrupts("fstat") { fstat(number, &status) }
    self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size))
  }
}
