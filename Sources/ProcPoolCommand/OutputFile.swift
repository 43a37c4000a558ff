import Glibc
import ProcPoolSystem

/// A file that is checked before a long run and written after it.
///
/// An existing file keeps its contents until the new ones are complete, so that an interrupted run
/// changes nothing. A new file is created for the check and removed again, and created anew when it
/// is written.
final class OutputFile {
  /// The error of a path that cannot be written.
  struct Unwritable: Error, CustomStringConvertible {
    var option: String
    var path: String
    var code: Int32

    var description: String {
      "--\(option) cannot write \(UsageError.quoted(path)): \(String(cString: strerror(code))); "
        + "give the path of a file that can be written, or - for standard output"
    }
  }

  /// The identity of a file, which is the same for all its names: links, other paths,
  /// `/dev/stdout`.
  struct Identity: Hashable {
    private let device: dev_t
    private let inode: ino_t
    /// Whether the file keeps what is written, so that a second writer would overwrite the first.
    let keepsContents: Bool
    /// Whether the file is `/dev/null`.
    let isNull: Bool

    /// Creates the identity from a call of `stat` or `fstat`; `nil` if the call fails.
    init?(_ call: (inout stat) -> Int32) {
      var found = stat()
      guard call(&found) == 0 else { return nil }
      device = found.st_dev
      inode = found.st_ino
      keepsContents = found.st_mode & S_IFMT == S_IFREG
      var null = stat()
      isNull =
        found.st_mode & S_IFMT == S_IFCHR && stat("/dev/null", &null) == 0 && found.st_rdev == null.st_rdev
    }

    init?(descriptor: Int32) { self.init { fstat(descriptor, &$0) } }
    init?(path: String) { self.init { stat(path, &$0) } }
  }

  let option: String
  let path: String
  /// The identity; `nil` for standard output, even under another name.
  let identity: Identity?

  var isStandardOutput: Bool { identity == nil }

  /// The descriptor of the file if it existed before, or while ``isMade``; otherwise negative.
  private var descriptor: Int32 = -1
  /// The path of the file that was created for the check, until it is removed.
  private var made: String?

  /// Checks that a file can be written or created. The path `-` is standard output.
  ///
  /// A file that does not exist is created, so that it has an identity. ``removeTrial()`` removes
  /// it again.
  ///
  /// - Parameter option: the option with the path, for the message.
  init(path: String, option: String) throws(Unwritable) {
    self.path = path
    self.option = option
    guard path != "-" else {
      identity = nil
      return
    }
    var file = open(path, O_WRONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT {
      // Only creating the file shows that it can be created. Only a file that did not exist is
      // removed again.
      let target = Self.followingLinks(path)
      file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if file >= 0 { made = target }
    }
    guard file >= 0, let found = Identity(descriptor: file) else {
      throw Unwritable(option: option, path: path, code: errno)
    }
    descriptor = file
    let isStandardOutput = !found.isNull && found == Identity(descriptor: STDOUT_FILENO)
    identity = isStandardOutput ? nil : found
  }

  deinit {
    removeTrial()
    if descriptor >= 0 { close(descriptor) }
  }

  /// Removes the file if it was created for the check.
  func removeTrial() {
    guard let made else { return }
    unlink(made)
    close(descriptor)
    descriptor = -1
    self.made = nil
  }

  /// Returns the target of a symbolic link, which may not exist.
  private static func followingLinks(_ path: String) -> String {
    var path = path
    // The kernel's limit of links to follow.
    for _ in 0..<40 {
      var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = target.withUnsafeMutableBytes {
        readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
      guard count > 0 else { return path }
      let next = String(decoding: target.prefix(count), as: UTF8.self)
      let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
      path = next.hasPrefix("/") ? next : folder + next
    }
    return path
  }

  /// Replaces the contents of the file.
  func replaceContents(with contents: [UInt8]) throws {
    if isStandardOutput { return try StandardStream.output.write(contents) }
    let name = UsageError.quoted(path)
    if descriptor >= 0 {
      // Fails for pipes and devices, which have no old contents.
      _ = ftruncate(descriptor, 0)
    } else {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw Unwritable(option: option, path: path, code: errno) }
    }
    try writeAll(contents, to: descriptor, named: name)
    // Some file systems report a lack of space only on closing.
    let closed = close(descriptor)
    let code = errno
    descriptor = -1
    if closed != 0, code != EINTR { throw WriteError(target: name, code: code) }
  }
}

/// The distinct output files of one run.
struct OutputFiles {
  let files: [OutputFile]

  /// Checks all files before the run.
  ///
  /// - Parameters:
  ///   - outputs: the output options and their paths.
  ///   - inputs: the input options and their paths.
  /// - Throws: `UsageError` if two options name the same file, because one result would be lost.
  init(_ outputs: [(option: String, path: String)], inputs: [(option: String, path: String)]) throws {
    // All files exist while they are compared, so that two names of a new file are recognised.
    files = try outputs.map { try OutputFile(path: $0.path, option: $0.option) }
    defer { for file in files { file.removeTrial() } }
    try refuseTwoOfOneFile()
    try refuseStandardError()
    for input in inputs {
      guard let identity = OutputFile.Identity(path: input.path), !identity.isNull,
        let file = files.first(where: { $0.identity == identity })
      else { continue }
      throw UsageError(
        "--\(file.option) \(UsageError.quoted(file.path)) is the file that --\(input.option) reads; accepted: another file"
      )
    }
  }

  /// Whether one of the files is standard output.
  var includeStandardOutput: Bool { files.contains(where: \.isStandardOutput) }

  private func refuseTwoOfOneFile() throws {
    for (index, file) in files.enumerated() where !(file.identity?.isNull ?? false) {
      let same = files[index...].filter { $0.identity == file.identity }
      guard same.count > 1 else { continue }
      let options = same.map { "--\($0.option) \(UsageError.quoted($0.path))" }.joined(separator: " and ")
      throw UsageError(
        "\(options) name the same file\(file.isStandardOutput ? ", standard output" : ""); accepted: a different file "
          + "for each"
      )
    }
  }

  /// Rejects standard error as an output file, because messages are written to it, and the tables
  /// if standard output is an output file.
  private func refuseStandardError() throws {
    guard let error = OutputFile.Identity(descriptor: STDERR_FILENO), !error.isNull,
      let file = files.first(where: { $0.identity == error }), error.keepsContents || includeStandardOutput
    else { return }
    throw UsageError(
      "--\(file.option) \(UsageError.quoted(file.path)) is standard error, where messages go; accepted: another file"
    )
  }
}
