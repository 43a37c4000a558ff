import Glibc
import ProcPoolSystem

// Arrays that have a name, to be shared with programs that are no workers.

extension SharedArray {
  /// Makes an array under a name in /dev/shm, for other programs to open.
  ///
  /// The file has a header of 64 bytes, and then the elements as they lie in memory,
  /// `MemoryLayout<Element>.stride` bytes from one to the next. NumPy maps an array of `Double` with
  ///
  ///     numpy.memmap("/dev/shm/temperatures", dtype="<f8", mode="r+", offset=64)
  ///
  /// The header's first 32 bytes are `PPSHARED`, the version 1 and the header's size 64 in four bytes each,
  /// the bytes of all elements in eight, the bytes of one element in four, and 1; all little-endian.
  ///
  /// Nobody but the user who makes it can open it (permissions `0600`). The name is the maker's to take away,
  /// with ``remove(named:)``: it outlives the program. Workers need no name; they get the array as any other.
  ///
  /// - Parameters:
  ///   - name: of a file: no slash, at most 255 bytes.
  ///   - element: what each element is at first.
  ///   - replacing: whether an array that has the name already loses it. Who has that one open keeps it.
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` if the name is in use or not a valid file name,
  ///   ``SharedMemoryError/insufficient(asked:available:place:)`` if /dev/shm has no room, and
  ///   ``SharedMemoryError/fileSizeLimit(asked:limit:)`` if the process may not make a file of that size.
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

  /// Opens an array that was made under a name, by this program or by another.
  ///
  /// The file is checked before it is believed: it is a plain file of this user's that no other user may
  /// write, not a symbolic link, its header is one, and its size is what the header says.
  ///
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` with the reason, and
  ///   ``SharedMemoryError/mismatched(_:)`` if its elements are of another size.
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
    if !status.isPlain { return "it is no plain file" }
    if status.owner != NamedMemory.user {
      return "it belongs to user \(status.owner), and this is \(NamedMemory.user)"
    }
    if status.permissions & 0o022 != 0 {
      return "other users may write it (permissions \(String(status.permissions, radix: 8)))"
    }
    if status.size < BlockHeader.size { return "it has \(status.size) bytes, fewer than a header" }
    return nil
  }

  /// Takes an array's name away. Who has the array keeps it; the memory goes with the last.
  ///
  /// - Throws: ``SharedMemoryError/unusableName(_:reason:)`` if there is nothing of that name.
  public static func remove(named name: String) throws(SharedMemoryError) {
    guard NamedMemory.isName(name) else { throw .unusableName(name, reason: "it is not a file's name") }
    try attempt(name) { () throws(SystemError) in try NamedMemory.remove(name) }
  }
}

extension SharedMemoryError {
  /// What a failed call means to the caller that gave a name.
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
