import CProcPoolShims
import Glibc
import ProcPoolSystem

import class Foundation.Thread
import struct Foundation.URL

/// glibc's, since 2.34; its headers show it only to programs that ask for it.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
private func closeFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ number: Int32) -> Int32

/// The program with streams that a test makes: pipes that are full, closed or do not block, devices.
enum SpawnedProgram {
  /// What a stream is.
  enum Stream {
    case descriptor(Int32)
    case closed
  }

  /// Starts the program, or another.
  ///
  /// - Parameters:
  ///   - input: `/dev/null` unless given.
  ///   - environment: that of the tests unless given.
  static func start(
    _ arguments: [String], at path: String = Program.folder.appendingPathComponent("procpool").path,
    input: Stream? = nil, output: Stream, errors: Stream, environment: [String]? = nil
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if input == nil { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
    for (number, stream) in [(Int32(0), input), (1, output), (2, errors)] {
      switch stream {
      case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      case nil: break
      case .closed: posix_spawn_file_actions_addclose(&actions, number)
      }
    }
    // Nothing of the tests' own: chaos takes what it finds open for left behind.
    _ = closeFrom(&actions, 3)
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var variables = (environment ?? []).map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    var pid: pid_t = 0
    let code =
      environment == nil
      ? posix_spawn(&pid, path, &actions, nil, &words, environ)
      : posix_spawn(&pid, path, &actions, nil, &words, &variables)
    guard code == 0 else { throw SystemError(call: "posix_spawn", code: code) }
    return pid
  }

  /// The exit status; 128 and the signal if one ended it; `nil` if it has not ended within some time.
  static func status(_ pid: pid_t, milliseconds: Int32) throws -> Int32? {
    let process = Descriptor(owning: procpool_pidfd_open(pid))
    guard process.number >= 0 else { throw SystemError(call: "pidfd_open", code: errno) }
    var ended = pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)
    while true {
      let ready = poll(&ended, 1, milliseconds)
      if ready == 0 { return nil }
      if ready > 0 { break }
    }
    var status: Int32 = 0
    guard waitpid(pid, &status, 0) == pid else { throw SystemError(call: "waitpid", code: errno) }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  /// Waits as long as a debug build on a busy machine may take for a few runs of the benchmark. Milliseconds.
  static let patience: Int32 = 100_000
}

/// A pipe of one page, full of dots, whose writers do not wait: as a parent leaves it that writes to it itself.
final class FullPipe: @unchecked Sendable {
  // Safety: each end is used by one thread at a time.
  private let reader: Int32
  private(set) var writer: Int32
  static let size = 4096

  init() throws {
    var ends: [Int32] = [0, 0]
    guard procpool_pipe_cloexec(&ends) == 0 else { throw SystemError(call: "pipe2", code: errno) }
    (reader, writer) = (ends[0], ends[1])
    _ = procpool_set_pipe_capacity(writer, Int32(Self.size))
    _ = fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) | O_NONBLOCK)
    let dots = [UInt8](repeating: UInt8(ascii: "."), count: Self.size)
    while write(writer, dots, dots.count) > 0 {}
  }

  deinit {
    close(reader)
    closeWriter()
  }

  func closeWriter() {
    if writer >= 0 { close(writer) }
    writer = -1
  }

  var blocks: Bool { fcntl(writer, F_GETFL) & O_NONBLOCK == 0 }

  /// What is written until nobody has it open for writing, without the dots, a little at a time.
  func drain() -> String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1_000)
    while true {
      let count = read(reader, &piece, piece.count)
      if count > 0 { bytes += piece[..<count] } else if count == 0 || errno != EINTR { break }
    }
    return String(decoding: bytes.drop { $0 == UInt8(ascii: ".") }, as: UTF8.self)
  }
}
