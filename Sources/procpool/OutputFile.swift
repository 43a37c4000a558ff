#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is opened before a long run and written after it.
///
/// What is in it stays there until the new contents are known, and a file that was made for nothing is
/// removed.
final class OutputFile {
  /// A path that cannot be written.
  struct Unwritable: Error, CustomStringConvertible {
    var path: String
    var code: Int32

    var description: String {
      "--json cannot write '\(path)': \(String(cString: strerror(code))); "
        + "give the path of a file that can be written, or - for standard output"
    }
  }

  private let path: String
  private let descriptor: Int32
  private let isNew: Bool
  private var isWritten = false

  /// Opens a file, or makes one.
  init(path: String) throws(Unwritable) {
    self.path = path
    let existed = access(path, F_OK) == 0
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Unwritable(path: path, code: errno) }
    isNew = !existed
  }

  /// Replaces what is in the file.
  func replaceContents(with text: String) throws(WriteError) {
    // Pipes and devices cannot be cut; there is nothing old in them.
    _ = ftruncate(descriptor, 0)
    try writeAll(text, to: descriptor, named: "'\(path)'")
    isWritten = true
  }

  /// Closes the file, whether it was written or not.
  func finish() {
    close(descriptor)
    if isNew, !isWritten { unlink(path) }
  }
}
