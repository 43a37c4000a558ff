#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

import ProcPoolSystem

/// A file that is looked at before a long run and written after it.
///
/// An existing file keeps its contents until the new ones are known, so that an interrupted run changes nothing. A
/// file that does not exist is created for the check and removed again; it is created anew when it is written.
final class OutputFile {
  /// A path that cannot be written.
  struct Unwritable: Error, CustomStringConvertible {
    var option: String
    var path: String
    var code: Int32

    var description: String {
      "--\(option) cannot write \(UsageError.quoted(path)): \(String(cString: strerror(code))); "
        + "give the path of a file that can be written, or - for standard output"
    }
  }

  /// What is the same for all names of a file: its links, paths through other folders, `/dev/stdout`.
  struct Identity: Hashable {
    private let device: dev_t
    private let inode: ino_t
    /// Whether it is a file that keeps what is written to it, and a second writer's over it.
    let keepsContents: Bool
    /// Whether it is `/dev/null`, where nothing can be lost.
    let isNull: Bool

    /// The identity of what a call of `stat` or `fstat` finds; `nil` if it fails.
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
  /// `nil` for standard output, also where the path is only another name of it.
  let identity: Identity?

  var isStandardOutput: Bool { identity == nil }

  /// The file, if it was there before, or as long as ``isMade``; negative otherwise.
  private var descriptor: Int32 = -1
  /// The name of the file that was made to see whether it can be, until it is removed.
  private var made: String?

  /// Finds out whether a file can be written, or made. The path `-` is standard output.
  ///
  /// A file that was not there is made, so that it has an identity; ``removeTrial()`` takes it away again.
  ///
  /// - Parameter option: which names the file, for the message.
  init(path: String, option: String) throws(Unwritable) {
    self.path = path
    self.option = option
    guard path != "-" else {
      identity = nil
      return
    }
    var file = open(path, O_WRONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT {
      // Nothing else says for certain that it can be made. Only what was not there is removed again.
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

  /// Removes the file again if it was made only to see whether it can be.
  func removeTrial() {
    guard let made else { return }
    unlink(made)
    close(descriptor)
    descriptor = -1
    self.made = nil
  }

  /// Where a symbolic link leads, though nothing is there.
  private static func followingLinks(_ path: String) -> String {
    var path = path
    // As many as the kernel follows.
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

  /// Replaces what is in the file.
  func replaceContents(with contents: [UInt8]) throws {
    if isStandardOutput { return try StandardStream.output.write(contents) }
    let name = UsageError.quoted(path)
    if descriptor >= 0 {
      // Pipes and devices cannot be cut; there is nothing old in them.
      _ = ftruncate(descriptor, 0)
    } else {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw Unwritable(option: option, path: path, code: errno) }
    }
    try writeAll(contents, to: descriptor, named: name)
    // Some file systems write only now, and say only now that there is no room.
    let closed = close(descriptor)
    let code = errno
    descriptor = -1
    if closed != 0, code != EINTR { throw WriteError(target: name, code: code) }
  }
}

/// The files that one run writes, each of them another.
struct OutputFiles {
  let files: [OutputFile]

  /// Looks at all files before the run.
  ///
  /// - Parameters:
  ///   - outputs: options and their paths.
  ///   - inputs: options whose files are read, and their paths.
  /// - Throws: `UsageError` if two options name one file, by whatever names: one of them would be lost.
  init(_ outputs: [(option: String, path: String)], inputs: [(option: String, path: String)]) throws {
    // All of them are there until all have been compared: two names of a file that was not there are found only then.
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

  /// Whether standard output belongs to one of the files.
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

  /// Messages go there, and the tables where standard output belongs to a file.
  private func refuseStandardError() throws {
    guard let error = OutputFile.Identity(descriptor: STDERR_FILENO), !error.isNull,
      let file = files.first(where: { $0.identity == error }), error.keepsContents || includeStandardOutput
    else { return }
    throw UsageError(
      "--\(file.option) \(UsageError.quoted(file.path)) is standard error, where messages go; accepted: another file"
    )
  }
}
