import Glibc
import ProcPoolSystem

// Named arrays, which can be shared with programs that are not workers.

extension SharedArray {
  /// Creates an array with a name in /dev/shm, which other programs can open.
  ///
  /// The file has a header of 64 bytes, followed by the elements in their memory layout,
  /// `MemoryLayout<Element>.stride` bytes apart. NumPy maps an array of `Double` with
  ///
  ///     numpy.memmap("/dev/shm/temperatures", dtype="<f8", mode="r+", offset=64)
  ///
  /// The first 32 bytes of the header are, in little-endian order: the text `PPSHARED`, the version
  /// 1 (4 bytes), the size of the header, 64 (4 bytes), the size of all elements (8 bytes), the
  /// size of one element (4 bytes), and the kind 1 (4 bytes).
  ///
  /// Only the user who created the file can open it (permissions `0600`). The name outlives the
  /// program; remove it with ``remove(named:)``. Workers do not need the name; they receive the
  /// array like any other.
  ///
  /// - Parameters:
  ///   - name: a file name without a slash, of at most 255 bytes.
  ///   - element: the initial value of each element.
  ///   - count: the number of elements.
  ///   - replacing: whether the name is taken from an existing array. Programs that have the
  ///     existing array open keep it.
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` if the name is in use or not a valid
  ///   file name, ``SharedMemoryError/insufficient(asked:available:place:)`` if /dev/shm has not
  ///   enough room, and ``SharedMemoryError/fileSizeLimit(asked:limit:)`` if the process may not
  ///   create a file of that size.
  /// - Complexity: O(*n*).
  public init(
    named name: String, repeating element: Element, count: Int, replacing: Bool = false
  ) throws(SharedMemoryError) {
    guard NamedMemory.isName(name) else { throw .unusableName(name, reason: "it is not a file's name") }
    let bytes = SharedLayout.bytes(count, Element.self)
    let (size, overflow) = bytes.addingReportingOverflow(BlockHeader.size)
    guard !overflow else {
      throw .insufficient(asked: bytes, available: NamedMemory.available, place: NamedMemory.directory)
    }
    if let room = NamedMemory.available, room < size {
      throw .insufficient(asked: size, available: room, place: NamedMemory.directory)
    }
    try SharedRegion.requireAvailable(size)
    let region: SharedRegion
    do throws(SystemError) {
      region = try SharedRegion(taking: try NamedMemory.make(name, count: size, replaces: replacing))
    } catch {
      throw SharedMemoryError(error, named: name, asked: size)
    }
    let block = SharedBlock.write(
      in: region, kind: .array, byteCount: bytes, stride: MemoryLayout<Element>.stride, ending: .named)
    self.init(block)
    base.initialize(repeating: element, count: count)
  }

  /// Opens a named array that this program or another one has created.
  ///
  /// The file must be a regular file of this user that no other user may write, and not a symbolic
  /// link. Its header must be valid, and its size must match the header.
  ///
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` with the reason if the file does not
  ///   meet these conditions, and ``SharedMemoryError/mismatched(_:)`` if its elements have another
  ///   size.
  public init(opening name: String) throws(SharedMemoryError) {
    guard NamedMemory.isName(name) else { throw .unusableName(name, reason: "it is not a file's name") }
    let file = try Self.attempt(name) { () throws(SystemError) in try NamedMemory.open(name) }
    let status = try Self.attempt(name) { () throws(SystemError) in try NamedMemory.status(of: file) }
    if let reason = Self.objection(to: status) { throw .unusableName(name, reason: reason) }
    let region: SharedRegion
    do throws(SystemError) { region = try SharedRegion(taking: file) } catch {
      throw SharedMemoryError(error, named: name, asked: 0)
    }
    let block = try SharedBlock.adopt(region, named: name)
    try SharedLayout.check(block, holds: Element.self, after: 0)
    self.init(block)
  }

  private static func attempt<Result: ~Copyable>(
    _ name: String, _ body: () throws(SystemError) -> Result
  ) throws(SharedMemoryError) -> Result {
    do throws(SystemError) { return try body() } catch {
      throw SharedMemoryError(error, named: name, asked: 0)
    }
  }

  private static func objection(
    to status: (owner: UInt32, permissions: UInt32, isPlain: Bool, size: Int)
  ) -> String? {
    if !status.isPlain { return "it is not a regular file" }
    if status.owner != NamedMemory.user {
      return "it belongs to user \(status.owner), and this is \(NamedMemory.user)"
    }
    if status.permissions & 0o022 != 0 {
      return "other users may write it (permissions \(String(status.permissions, radix: 8)))"
    }
    if status.size < BlockHeader.size { return "it has \(status.size) bytes, fewer than a header" }
    return nil
  }

  /// Removes the name of an array. Processes that have the array keep it; the memory is freed with
  /// the last of them.
  ///
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` if no array has the name.
  public static func remove(named name: String) throws(SharedMemoryError) {
    guard NamedMemory.isName(name) else { throw .unusableName(name, reason: "it is not a file's name") }
    try attempt(name) { () throws(SystemError) in try NamedMemory.remove(name) }
  }
}

extension SharedMemoryError {
  /// Translates the failure of a call for the caller that passed a name.
  fileprivate init(_ error: SystemError, named name: String, asked: Int) {
    let available = error.isOutOfMemory ? NamedMemory.available : nil
    if error.isOverFileSizeLimit, let limit = FileSizeLimit.current, limit < asked {
      self = .fileSizeLimit(asked: asked, limit: limit)
    } else if error.isOutOfMemory, available ?? 0 < asked {
      self = .insufficient(asked: asked, available: available, place: NamedMemory.directory)
    } else if error.isOutOfDescriptors {
      self = .outOfDescriptors
    } else {
      let reason =
        switch error.code {
        case EEXIST: "there is one already; open it, or make this one with `replacing: true`"
        case ENOENT: "there is none in \(NamedMemory.directory)"
        case ELOOP: "it is a symbolic link"
        default: "\(error)"
        }
      self = .unusableName(name, reason: reason)
    }
  }
}
