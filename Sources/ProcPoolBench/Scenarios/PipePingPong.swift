import Foundation

/// Round trips of a byte through two pipes between processes that block: the cost of a round trip
/// without polling.
enum PipePingPong {
  /// Returns the seconds per round trip; `nil` if `cat`, the other side, does not exist.
  static func roundTrip(count: Int) -> Double? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/cat")
    let (there, back) = (Pipe(), Pipe())
    process.standardInput = there
    process.standardOutput = back
    guard (try? process.run()) != nil else { return nil }
    defer {
      try? there.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    let (writing, reading) = (
      there.fileHandleForWriting.fileDescriptor, back.fileHandleForReading.fileDescriptor
    )
    var byte: UInt8 = 7
    func trip() -> Bool { write(writing, &byte, 1) == 1 && read(reading, &byte, 1) == 1 }
    guard trip() else { return nil }
    let start = ContinuousClock.now
    for _ in 0..<count where !trip() { return nil }
    return (ContinuousClock.now - start) / .seconds(1) / Double(count)
  }
}
