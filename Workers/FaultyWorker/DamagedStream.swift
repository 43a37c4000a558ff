import FaultyTasks
import Glibc

/// What the worker writes to its coordinator, passed on by a thread of its own, which damages it at one byte:
/// `cut:N` kills the worker instead of passing on byte N, `close:N` closes the stream there, `stall:N` passes
/// on no more, `flip:N:MASK` changes bits of that byte; `record` changes nothing. All that the worker writes
/// is also written, unchanged, to the file that FAULTY_STREAM names.
struct DamagedStream {
  private enum Damage: Substring { case cut, close, stall, flip, record }

  private let damage: Damage
  private let place: Int
  private let mask: UInt8

  init(_ description: String) {
    let words = description.split(separator: ":")
    damage = Damage(rawValue: words[0])!
    place = words.count > 1 ? Int(words[1])! : .max
    mask = words.count > 2 ? UInt8(words[2])! : 0
  }

  /// Puts the thread between standard output and what is written there from now on.
  func serve() {
    var ends: [Int32] = [-1, -1]
    // A worker marks all that it finds open to be closed in what it starts.
    guard pipe(&ends) == 0 else { abort() }
    // From 10 up, as a worker does it, so that the single digits stay free.
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)
    dup2(ends[1], STDOUT_FILENO)
    close(ends[1])
    let input = ends[0]
    startThread { pass(on: input, to: output) }
  }

  private func pass(on input: Int32, to output: Int32) {
    let record = getenv("FAULTY_STREAM").map { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
    var isOpen = true
    var passed = 0
    var memory = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(input, &memory, memory.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      var bytes = memory[..<count]
      if let record { send(bytes, to: record) }
      if passed <= place, place < passed + count {
        let index = place - passed
        switch damage {
        case .flip: bytes[index] ^= mask
        case .record: break
        case .cut, .close, .stall:
          send(bytes[..<index], to: output)
          if damage == .cut { kill(getpid(), SIGKILL) }
          if damage == .close { close(output) }
          isOpen = false
        }
      }
      passed += count
      // What comes after is read all the same: the worker must not notice by a full pipe.
      if isOpen { send(bytes, to: output) }
    }
  }

  private func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }
}
