import Glibc
import ProcPoolWorker

/// The sum of a range of a shared array. A few bytes are sent in each direction.
public struct RangeSum<Number: MatrixScalar>: PoolTask {
  var numbers: SharedArray<Number>

  /// Creates the task for an array.
  public init(of numbers: SharedArray<Number>) { self.numbers = numbers }

  /// Returns the sum of the numbers in a range.
  public func run(_ range: Range<Int>) -> Double { numbers.withSpan(range) { ArraySum.sum($0) } }
}

/// The sum of a range of a shared array, added to a total behind a lock.
public struct RangeSumLocked<Number: MatrixScalar>: PoolTask {
  var numbers: SharedArray<Number>
  var total: LockedValue<Double>

  /// Creates the task for an array and a total.
  public init(of numbers: SharedArray<Number>, into total: LockedValue<Double>) {
    self.numbers = numbers
    self.total = total
  }

  /// Adds the sum of the numbers in a range.
  public func run(_ range: Range<Int>) throws {
    let sum = numbers.withSpan(range) { ArraySum.sum($0) }
    try total.withLock { $0 += sum }
  }
}

/// The sum of a range of a shared array, added atomically to a total: its bits are compared and
/// exchanged until no other process has changed them in between.
public struct RangeSumAtomic<Number: MatrixScalar>: PoolTask {
  var numbers: SharedArray<Number>
  var total: SharedCounter

  /// Creates the task for an array and the bits of a total.
  public init(of numbers: SharedArray<Number>, intoBits total: SharedCounter) {
    self.numbers = numbers
    self.total = total
  }

  /// Adds the sum of the numbers in a range.
  public func run(_ range: Range<Int>) {
    let sum = numbers.withSpan(range) { ArraySum.sum($0) }
    var known = total.value
    while true {
      let next = Double(bitPattern: UInt64(bitPattern: Int64(known))) + sum
      let (exchanged, original) = total.compareExchange(
        expected: known, desired: Int(Int64(bitPattern: next.bitPattern)))
      if exchanged { return }
      known = original
    }
  }
}

/// Acquires a lock a number of times, and adds one each time.
public struct LockedIncrements: PoolTask {
  var value: LockedValue<Int>

  /// Creates the task.
  public init(of value: LockedValue<Int>) { self.value = value }

  /// Adds one `times` times.
  public func run(_ times: Int) throws {
    for _ in 0..<times { try value.withLock { $0 += 1 } }
  }
}

/// Adds one to a counter a number of times.
public struct AtomicIncrements: PoolTask {
  var counter: SharedCounter

  /// Creates the task.
  public init(of counter: SharedCounter) { self.counter = counter }

  /// Adds one `times` times.
  public func run(_ times: Int) {
    for _ in 0..<times { counter.add(1) }
  }
}

/// Reads a counter and writes its successor a number of times, without synchronization. Updates are
/// lost.
public struct RacingIncrements: PoolTask {
  var counter: SharedCounter

  /// Creates the task.
  public init(of counter: SharedCounter) { self.counter = counter }

  /// Adds one `times` times.
  public func run(_ times: Int) {
    for _ in 0..<times { counter.value = counter.value &+ 1 }
  }
}

/// Acquires a lock repeatedly for some time.
public struct LockForAWhile: PoolTask {
  var value: LockedValue<Int>

  /// Creates the task.
  public init(on value: LockedValue<Int>) { self.value = value }

  /// Returns the number of acquisitions within some milliseconds.
  public func run(_ milliseconds: Int) throws -> Int {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    var count = 0
    while ContinuousClock.now < end {
      for _ in 0..<64 { try value.withLock { $0 &+= 1 } }
      count += 64
    }
    return count
  }
}

/// Copies a payload within shared memory.
public struct SharedEcho: PoolTask {
  /// The payload, and the memory for the reply.
  public struct Input: Codable, Sendable {
    var payload: SharedArray<UInt8>
    var reply: SharedArray<UInt8>

    /// Creates the input from two arrays of the same length.
    public init(payload: SharedArray<UInt8>, reply: SharedArray<UInt8>) {
      self.payload = payload
      self.reply = reply
    }
  }

  /// Creates the task.
  public init() {}

  /// Copies the payload.
  public func run(_ input: Input) {
    input.payload.withSpan { payload in
      payload.withUnsafeBufferPointer { source in
        input.reply.withMutableSpan { reply in
          reply.withUnsafeMutableBufferPointer { target in
            if !source.isEmpty { memcpy(target.baseAddress!, source.baseAddress!, source.count) }
          }
        }
      }
    }
  }
}
