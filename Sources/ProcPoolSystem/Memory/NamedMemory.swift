import CProcPoolShims
import Glibc

/// Files in /dev/shm, which unrelated programs share by name.
package enum NamedMemory {
  /// The directory of the files.
  package static let directory = "/dev/shm"

  /// Whether a name is a valid file name.
  package static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 255 && name != "." && name != ".."
      && !name.utf8.contains(UInt8(ascii: "/"))
      && !name.utf8.contains(0)
  }

  /// Creates a file that only its owner can open, with all of its bytes allocated and zero.
  ///
  /// - Parameter replaces: whether the name is taken from an existing file. Processes that have
  ///   that file open keep it.
  package static func make(_ name: String, count: Int, replaces: Bool) throws(SystemError) -> Descriptor {
    try FileSizeLimit.check(count, for: .allocate)
    // Without a name until it is complete: no process can open an incomplete file, and nothing is
    // left if this process is killed.
    let file = Descriptor(
      owning: try retryingInterrupts(.openNameless) { procpool_open_nameless(directory) })
    try SharedMapping.allocate(file, count)
    let path = "\(directory)/\(name)"
    do throws(SystemError) {
      try self.name(file.number, path)
    } catch {
      guard replaces, error.code == EEXIST else { throw error }
      // Only a file with a name can take over another name.
      let temporary = "\(directory)/.procpool-\(getpid())-\(UInt64.random(in: 0 ... .max))"
      try self.name(file.number, temporary)
      do throws(SystemError) {
        try retryingInterrupts(.rename) { rename(temporary, path) }
      } catch {
        unlink(temporary)
        throw error
      }
    }
    return file
  }

  private static func name(_ number: Int32, _ path: String) throws(SystemError) {
    try retryingInterrupts(.linkat) {
      linkat(AT_FDCWD, "/proc/self/fd/\(number)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
    }
  }

  /// Opens a file for reading and writing, never through a symbolic link.
  package static func open(_ name: String) throws(SystemError) -> Descriptor {
    let path = "\(directory)/\(name)"
    return Descriptor(
      owning: try retryingInterrupts(.open, of: path) {
        Glibc.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      })
  }

  /// Removes a name. Processes that have the file open keep it.
  package static func remove(_ name: String) throws(SystemError) {
    try retryingInterrupts(.unlink) { unlink("\(directory)/\(name)") }
  }

  /// The owner and the permissions of an open file, whether it is a regular file, and its size.
  package static func status(
    of file: borrowing Descriptor
  ) throws(SystemError) -> (owner: UInt32, permissions: UInt32, isPlain: Bool, size: Int) {
    var status = stat()
    let number = file.number
    try retryingInterrupts(.fileStatus) { fstat(number, &status) }
    return (status.st_uid, status.st_mode & 0o777, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size))
  }

  /// The effective user ID of this process.
  package static var user: UInt32 { geteuid() }

  /// The number of free bytes in the directory; `nil` if it does not exist.
  package static var available: Int? {
    var status = statvfs()
    guard (try? retryingInterrupts(.spaceLeft) { statvfs(directory, &status) }) != nil else { return nil }
    let (bytes, isTooMuch) = UInt(status.f_bavail).multipliedReportingOverflow(by: UInt(status.f_frsize))
    return isTooMuch ? .max : Int(clamping: bytes)
  }
}
