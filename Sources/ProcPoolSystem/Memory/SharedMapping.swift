import CProcPoolShims
import Glibc

/// Memory that several processes see, without a name in any file system: the kernel frees it with its last
/// user.
///
/// - Because `@unchecked Sendable`: the class hands out an address and never touches the bytes itself; who
///   writes what is settled by the types that lay themselves over it (with atomics, in the case of the status
///   page).
package final class SharedMapping: @unchecked Sendable {
  /// The first byte, page-aligned.
  package let base: UnsafeMutableRawPointer
  /// Bytes mapped.
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

  /// Maps part of a file of memory and has its pages at hand at once.
  ///
  /// - Parameters:
  ///   - offset: a multiple of the page size.
  ///   - count: more than zero.
  ///   - isWritable: whether it can be written; a write where it cannot is a `SIGSEGV`.
  package convenience init(
    _ file: borrowing Descriptor, offset: Int = 0, count: Int, isWritable: Bool = true
  ) throws(SystemError) {
    let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
    let number = file.number
    // What fails is -1, which is no address.
    let address = try retryingInterrupts(.map) {
      Int(bitPattern: mmap(nil, count, protection, MAP_SHARED, number, offset))
    }
    self.init(base: UnsafeMutableRawPointer(bitPattern: address)!, count: count, isWritable: isWritable)
  }

  /// Has all pages at hand, so that no access waits for one: without this each first touch of a page costs a
  /// fault, some half a microsecond.
  ///
  /// - Complexity: O(n) in the pages that are not there yet.
  package func populate() throws(SystemError) {
    do throws(SystemError) {
      try retryingInterrupts(.populate) { procpool_populate(base, count, isWritable ? 1 : 0) }
    } catch {
      // Kernels before 5.14 do not know the advice. One byte of each page is read, since a write could undo
      // another process's.
      guard error.code == EINVAL else { throw error }
      for offset in stride(from: 0, to: count, by: Self.pageSize) {
        withExtendedLifetime((base + offset).load(as: UInt8.self)) {}
      }
    }
  }

  /// Keeps the memory out of copies of this process that are made from now on.
  package func keepFromCopies() throws(SystemError) {
    try retryingInterrupts(.keepFromCopies) { madvise(base, count, MADV_DONTFORK) }
  }

  /// Bytes of a page.
  package static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Makes a file of memory of `count` bytes, all of them allocated: a lack of memory is an error here, never
  /// a `SIGBUS` later. Nor can anybody shrink it, who has it too.
  ///
  /// - Throws: `EFBIG` for more than ``FileSizeLimit`` allows.
  package static func makeFile(named name: String, count: Int) throws(SystemError) -> Descriptor {
    try FileSizeLimit.check(count, for: .resize)
    let file = Descriptor(owning: try retryingInterrupts(.makeMemory) { procpool_memory_file(name) })
    let number = file.number
    try retryingInterrupts(.resize) { ftruncate(number, count) }
    try allocate(file, count)
    // Refused only where the kernel was built without seals, which is no worse than before.
    _ = attempt(.seal) { procpool_seal_size(number) }
    return file
  }

  /// Has the file system set aside all bytes of a file, which may make it longer.
  static func allocate(_ file: borrowing Descriptor, _ count: Int) throws(SystemError) {
    let number = file.number
    try retryingInterrupts(.allocate) { negative(posix_fallocate(number, 0, count)) }
  }
}

/// What identifies an open file among all of a machine: its device and inode.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  /// The file's size in bytes.
  package let size: Int

  package init(device: UInt64, inode: UInt64, size: Int) {
    self.device = device
    self.inode = inode
    self.size = size
  }

  /// Opens the file through the descriptor that another process has of it.
  ///
  /// - Throws: `ESTALE` if that descriptor's number has become another file's.
  package func open(
    ofProcess process: Int32, descriptor: Int32, isWritable: Bool = true
  ) throws(SystemError) -> Descriptor {
    // Without waiting, and without side effects, should the number be another's: a pipe's, a terminal's.
    let path = "/proc/\(process)/fd/\(descriptor)"
    let flags = (isWritable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let file = Descriptor(
      owning: try retryingInterrupts(.openOfProcess) { Glibc.open(path, flags) })
    try check(file)
    return file
  }

  /// - Throws: `ESTALE` for any other file.
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
