import CProcPoolShims
import Glibc

/// A mapping of memory that several processes share, without a name in a file system: the kernel
/// frees it with its last user.
package final class SharedMapping: @unchecked Sendable {
  // Safety: the class only provides an address and never accesses the bytes itself; the types that
  // use the memory synchronise access.

  /// The first byte, page-aligned.
  package let base: UnsafeMutableRawPointer
  /// The number of mapped bytes.
  package let count: Int
  private let isWritable: Bool

  private init(base: UnsafeMutableRawPointer, count: Int, isWritable: Bool) {
    self.base = base
    self.count = count
    self.isWritable = isWritable
  }

  deinit {
    munmap(base, count)
  }

  /// Maps a part of a memory file.
  ///
  /// - Parameters:
  ///   - offset: the offset in the file, a multiple of the page size.
  ///   - count: the number of bytes, more than zero.
  ///   - isWritable: whether the mapping can be written; otherwise a write is a `SIGSEGV`.
  package convenience init(
    _ file: borrowing Descriptor, offset: Int = 0, count: Int, isWritable: Bool = true
  ) throws(SystemError) {
    let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
    let number = file.number
    // A failure is -1, which is not an address.
    let address = try retryingInterrupts(.map) {
      Int(bitPattern: mmap(nil, count, protection, MAP_SHARED, number, offset))
    }
    self.init(base: UnsafeMutableRawPointer(bitPattern: address)!, count: count, isWritable: isWritable)
  }

  /// Maps all pages in advance: otherwise the first access to each page costs a fault, about half a
  /// microsecond.
  ///
  /// - Complexity: O(*n*) in the pages that are not mapped yet.
  package func populate() throws(SystemError) {
    do throws(SystemError) {
      try retryingInterrupts(.populate) { procpool_populate(base, count, isWritable ? 1 : 0) }
    } catch {
      // Kernels before 5.14 do not support the advice. One byte of each page is read, because a
      // write could overwrite another process's.
      guard error.code == EINVAL else { throw error }
      for offset in stride(from: 0, to: count, by: Self.pageSize) {
        withExtendedLifetime((base + offset).load(as: UInt8.self)) {}
      }
    }
  }

  /// Excludes the memory from forked copies of this process, from now on.
  package func keepFromCopies() throws(SystemError) {
    try retryingInterrupts(.keepFromCopies) { madvise(base, count, MADV_DONTFORK) }
  }

  /// The size of a page in bytes.
  package static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Creates a memory file of `count` bytes, all of them allocated, so that a lack of memory is an
  /// error here rather than a `SIGBUS` later. No process can shrink it.
  ///
  /// - Throws: `EFBIG` for more than ``FileSizeLimit`` allows.
  package static func makeFile(named name: String, count: Int) throws(SystemError) -> Descriptor {
    try FileSizeLimit.check(count, for: .resize)
    let file = Descriptor(owning: try retryingInterrupts(.makeMemory) { procpool_memory_file(name) })
    let number = file.number
    try retryingInterrupts(.resize) { ftruncate(number, count) }
    try allocate(file, count)
    // Fails only if the kernel was built without seals, which are not required.
    _ = attempt(.seal) { procpool_seal_size(number) }
    return file
  }

  /// Allocates all bytes of a file in its file system, which may extend the file.
  static func allocate(_ file: borrowing Descriptor, _ count: Int) throws(SystemError) {
    let number = file.number
    try retryingInterrupts(.allocate) { negative(posix_fallocate(number, 0, count)) }
  }
}

/// The identity of an open file on a machine: its device and inode, with its size.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  /// The size of the file in bytes.
  package let size: Int

  package init(device: UInt64, inode: UInt64, size: Int) {
    self.device = device
    self.inode = inode
    self.size = size
  }

  /// Opens the file through the descriptor of another process.
  ///
  /// - Throws: `ESTALE` if the number of the descriptor now refers to another file.
  package func open(
    ofProcess process: Int32, descriptor: Int32, isWritable: Bool = true
  ) throws(SystemError) -> Descriptor {
    // The flags avoid blocking and side effects if the number refers to a pipe or a terminal now.
    let path = "/proc/\(process)/fd/\(descriptor)"
    let flags = (isWritable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let file = Descriptor(
      owning: try retryingInterrupts(.openOfProcess) { Glibc.open(path, flags) })
    try check(file)
    return file
  }

  /// Checks that an open file is this one.
  ///
  /// - Throws: `ESTALE` if it is another file.
  package func check(_ file: borrowing Descriptor) throws(SystemError) {
    guard try FileIdentity(of: file) == self else { throw SystemError(call: "attach", code: ESTALE) }
  }

  /// The identity of an open file.
  package init(of file: borrowing Descriptor) throws(SystemError) {
    var status = stat()
    let number = file.number
    try retryingInterrupts(.fileStatus) { fstat(number, &status) }
    self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size))
  }
}
