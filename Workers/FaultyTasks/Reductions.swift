import ProcPool

/// What a step of a reduction does, at some inputs.
public enum Trouble: Codable, Sendable, Equatable {
  case error
  case death(Death)
  /// Never comes back.
  case spin
}

/// The inputs as text, one after the other: it matters which comes after which.
public struct Listing: ReducingTask {
  public var trouble: [Int: Trouble]
  public init(_ trouble: [Int: Trouble] = [:]) { self.trouble = trouble }

  public func run(_ input: Int) throws -> String {
    switch trouble[input] {
    case nil: break
    case .error: throw Misfit(value: input)
    case .death(let death): death.perform()
    case .spin: while true { pause(milliseconds: 1) }
    }
    return "\(input)"
  }

  public func combine(_ next: String, into total: inout String) { total += " " + next }
}

/// The sum of reciprocals of any input: its last digits depend on where the brackets are.
public struct Reciprocals<Number: BinaryInteger & Codable & Sendable>: ReducingTask {
  public init() {}
  public func run(_ input: Number) -> Double { 1 / Double(input) }
  public func combine(_ next: Double, into total: inout Double) { total += next }
}

/// How many inputs there are.
public struct IntegerCount<Number: BinaryInteger & Codable & Sendable>: ReducingTask {
  public init() {}
  public func run(_ input: Number) -> Int { 1 }
  public func combine(_ next: Int, into total: inout Int) { total += next }
}

/// The largest of any inputs: a task that does not know that its inputs are integers.
public struct Largest<Value: Comparable & Codable & Sendable>: ReducingTask {
  public init() {}
  public func run(_ input: Value) -> Value { input }
  public func combine(_ next: Value, into total: inout Value) { total = max(total, next) }
}

/// As ``Reciprocals``, of a loop that suspends.
public struct AwaitedReciprocals: ReducingTask {
  public init() {}
  public func run(_ input: Int) async -> Double {
    await Task.yield()
    return 1 / Double(input)
  }
  public func combine(_ next: Double, into total: inout Double) { total += next }
}

/// The worker's idea of which item each input is: the largest difference between the two.
public struct ItemNumbers: ReducingTask {
  public init() {}
  public func run(_ input: Int) -> Int { abs(TaskContext.current!.item.index - input) }
  public func combine(_ next: Int, into total: inout Int) { total = max(total, next) }
}

/// How many parts were sent back, and how many inputs they had.
public struct PartCount: ReducingTask {
  public struct Count: Codable, Sendable {
    public var parts = 0
    public var inputs = 0
    public init() {}
  }
  public init() {}
  public func run(_ input: Int) -> Count {
    var count = Count()
    count.inputs = 1
    return count
  }
  /// A part arrives with no parts counted: it is one.
  public func combine(_ next: Count, into total: inout Count) {
    total.inputs += next.inputs
    if TaskContext.current == nil { total.parts += 1 }
  }
}

/// The sum of the inputs, each after a while.
public struct SleepingSum: ReducingTask {
  public var milliseconds: Int
  public init(milliseconds: Int) { self.milliseconds = milliseconds }
  public func run(_ input: Int) -> Int {
    pause(milliseconds: milliseconds)
    return input
  }
  public func combine(_ next: Int, into total: inout Int) { total += next }
}
