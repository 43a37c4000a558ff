import Glibc
import ProcPoolWorker

/// Work with a known output that behaves differently for each item: it computes, sleeps, awaits,
/// prints or uses memory. It counts the attempts of each item in shared memory.
public struct Unruly: PoolTask {
  /// The number of attempts of each item. Each count is written by one process at a time.
  var begun: SharedArray<UInt32>
  /// The maximum duration of an item, in microseconds.
  var longest: Int

  /// Creates the task.
  public init(begun: SharedArray<UInt32>, longest: Int) {
    self.begun = begun
    self.longest = longest
  }

  /// Returns the output of an item, which is different for each item.
  public static func answer(_ item: Int) -> Int {
    let number = (UInt64(bitPattern: Int64(item)) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: number ^ number >> 29)
  }

  /// Does the item's work.
  public func run(_ item: Int) async throws -> Int {
    begun[item] += 1
    var random = TaskContext.current!.random
    let microseconds = Int.random(in: 0...longest, using: &random)
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4: spin(microseconds)
    case 4..<7: usleep(UInt32(microseconds))
    case 7: try await Task.sleep(for: .microseconds(microseconds))
    case 8:
      for _ in 0..<microseconds / 8 {
        print("an item that prints much text, which nothing reads")
      }
    default:
      let memory = [UInt8](repeating: UInt8(truncatingIfNeeded: item), count: 1 << 12 + microseconds << 4)
      precondition(memory.last == UInt8(truncatingIfNeeded: item))
    }
    return Self.answer(item)
  }

  private func spin(_ microseconds: Int) {
    let end = ContinuousClock.now + .microseconds(microseconds)
    while ContinuousClock.now < end {}
  }
}

/// The sum of the outputs, modulo 2⁶⁴.
public struct UnrulySum: ReducingTask {
  var task: Unruly

  /// Creates the task.
  public init(_ task: Unruly) { self.task = task }

  /// Does the item's work.
  public func run(_ item: Int) async throws -> Int { try await task.run(item) }

  /// Adds an output.
  public func combine(_ answer: Int, into sum: inout Int) { sum &+= answer }
}
