#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is looked at before a long run and written after it.
///
/// What is in it stays there until the new contents are known, and no file is made before that: whoever
/// interrupts the run finds what was there before.
final class OutputFile {
  /// A path that cannot be written.
  struct Unwritable: Error, CustomStringConvertible {
    var option: String
    var path: String
    var code: Int32

    var description: String {
      "--\(option) cannot write '\(path)': \(String(cString: strerror(code))); "
        + "give the path of a file that can be written, or - for standard output"
    }
  }

  private let path: String
  private let option: String
  /// The file, if it was there before; negative otherwise.
  private let existing: Int32

  /// Finds out whether a file can be written, or made. The path `-` is standard output.
  ///
  /// - Parameter option: which names the file, for the message.
  init(path: String, option: String) throws(Unwritable) {
    self.path = path
    self.option = option
    existing = path == "-" ? -1 : open(path, O_WRONLY | O_CLOEXEC)
    if existing >= 0 || path == "-" { return }
    guard errno == ENOENT else { throw Unwritable(option: option, path: path, code: errno) }
    // Made and removed, because nothing else says for certain that it can be made.
    let probe = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard probe >= 0 else { throw Unwritable(option: option, path: path, code: errno) }
    close(probe)
    unlink(path)
  }

  deinit {
    if existing >= 0 { close(existing) }
  }

  /// Replaces what is in the file.
  func replaceContents(with contents: [UInt8]) throws {
    if path == "-" { return try StandardStream.output.write(contents) }
    if existing >= 0 {
      // Pipes and devices cannot be cut; there is nothing old in them.
      _ = ftruncate(existing, 0)
      return try writeAll(contents, to: existing, named: "'\(path)'")
    }
    let made = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard made >= 0 else { throw Unwritable(option: option, path: path, code: errno) }
    defer { close(made) }
    try writeAll(contents, to: made, named: "'\(path)'")
  }
}
