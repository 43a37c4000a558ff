import FaultyTasks
import Glibc
import ProcPool

/// What a program can do wrong before it serves: `print:TEXT`, `version:N`, `exit:STATUS`, `signal:N`,
/// `leave:MS`, `crowd`, `silent`, `forget`, `fault:FAULT`, `stream:DAMAGE` (see `DamagedStream`); the
/// environment variable FAULTY_LINES is written to standard error first. Where FAULTY_ONCE names a file, only
/// the program that makes it does it.
struct Misbehaviour {
  private let name: Substring
  private let argument: String

  init(_ mode: String) {
    let parts = mode.split(separator: ":", maxSplits: 1)
    name = parts.first ?? ""
    argument = parts.count > 1 ? String(parts[1]) : ""
  }

  private var number: Int32 { Int32(argument) ?? 0 }

  func perform() {
    if let path = getenv("FAULTY_ONCE"), !Mine.claim(String(cString: path)) { return }
    if let lines = getenv("FAULTY_LINES") { writeLine(String(cString: lines)) }
    switch name {
    case "print":
      send(Array((argument + "\n").utf8))
      sleepForEver()
    case "version":
      send(Array("ppool".utf8) + [UInt8(truncatingIfNeeded: number), UInt8(number >> 8), 0])
      sleepForEver()
    case "exit": exit(number)
    case "signal":
      kill(getpid(), number)
      sleepForEver()
    case "silent": sleepForEver()
    case "forget": forget()
    case "leave": leaveSoon()
    case "crowd": crowd()
    case "fault": fall(by: Fault(rawValue: argument)!)
    case "stream": DamagedStream(argument).serve()
    default: writeLine("FAULTY_MODE=\(name) is not known")
    }
  }

  private func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }

  private func sleepForEver() -> Never {
    while true { pause(milliseconds: 1_000_000) }
  }

  /// Makes a pool of its own, as a program does that does not know that it was started as a worker.
  private func forget() -> Never {
    _ = try? Pool(workers: 2)
    writeLine("a pool was made in a program that forgot to serve")
    sleepForEver()
  }

  /// Completes the handshake, then exits a number of milliseconds after its streams were moved.
  private func leaveSoon() {
    let time = Int(number)
    startThread {
      func file(_ number: Int32) -> UInt {
        var status = stat()
        return fstat(number, &status) == 0 ? status.st_ino : 0
      }
      while file(STDOUT_FILENO) != file(STDERR_FILENO) { pause(milliseconds: 1) }
      pause(milliseconds: time)
      _exit(0)
    }
  }

  /// Fails before the handshake. After garbage it serves normally.
  private func fall(by fault: Fault) {
    if fault == .garbage { send(Fault.rubbish) } else { fault.strike(inItem: true) }
  }

  /// Serves, while other threads open and close files all the time; crashes if one turns into another file.
  private func crowd() {
    for _ in 0..<4 {
      startThread {
        while true {
          var ends: [Int32] = [-1, -1]
          guard pipe(&ends) == 0 else { abort() }
          var byte: UInt8 = 1
          guard write(ends[1], &byte, 1) == 1, read(ends[0], &byte, 1) == 1 else { abort() }
          for end in ends { close(end) }
        }
      }
    }
  }
}
