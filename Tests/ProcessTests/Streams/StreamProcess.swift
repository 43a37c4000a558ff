import FaultyTasks
import Glibc
import Testing

/// A `coordinate streams …` in a process of its own, whose standard error is whatever a test wants.
struct StreamProcess: ~Copyable {
  let pid: Int32
  private let output: Int32

  /// - Parameter errors: its standard error; the caller closes its copy.
  init(_ words: [String], errors: Int32, through launcher: [String] = []) throws {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    pid = try Inspection.spawn(
      launcher + [Coordinator.path, "coordinate", "streams"] + words, output: ends[1], errors: errors,
      resetsSignals: true)
    output = ends[0]
  }

  /// The next line of its standard output; what there is of it at its end, or after half a minute.
  func line() -> String {
    var bytes: [UInt8] = []
    while true {
      var byte: UInt8 = 0
      guard isReadable(), read(output, &byte, 1) == 1, byte != 10 else { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The rest of its standard output, and its status as `wait` gives it. One that says nothing for half a minute is
  /// killed.
  func end() -> Ending {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      guard isReadable() else {
        kill(SIGKILL)
        break
      }
      let count = read(output, &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return Ending(output: String(decoding: bytes, as: UTF8.self), status: status)
  }

  struct Ending: Equatable {
    var output: String
    var status: Int32 = 0
  }

  private func isReadable() -> Bool {
    var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, 30_000) > 0
  }

  func kill(_ signal: Int32) { _ = Glibc.kill(pid, signal) }

  deinit { close(output) }
}

/// A pipe whose ends no program inherits that is not given them.
struct TestPipe {
  let reading: Int32
  let writing: Int32

  init() {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }

  /// How many bytes are in it.
  var count: Int {
    var count: Int32 = 0
    _ = ioctl(reading, UInt(FIONREAD), &count)
    return Int(count)
  }

  /// Waits until no more fits: nothing has been added for a tenth of a second, and it is not empty.
  func waitUntilFull() async throws {
    var last = -1
    var since = ContinuousClock.now
    let isFull = await eventually {
      if count != last { (last, since) = (count, ContinuousClock.now) }
      return last > 0 && ContinuousClock.now - since > .milliseconds(100)
    }
    try #require(isFull)
  }
}

/// Reads bytes from a descriptor, at least `count`, until there are no more or it does not go on for ten seconds.
func readBytes(_ file: Int32, atLeast count: Int = .max) -> [UInt8] {
  var bytes: [UInt8] = []
  withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { buffer in
    while bytes.count < count {
      var poll = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, 10_000) > 0 else { return }
      let got = read(file, buffer.baseAddress, buffer.count)
      if got < 0 && errno == EINTR { continue }
      // A terminal without a program at its other end fails.
      if got <= 0 { return }
      bytes += buffer[..<got]
    }
  }
  return bytes
}
