import ProcPool

/// What a step of a reduction does, at some inputs.
package enum Trouble: Codable, Sendable, Equatable {
  case error
  case death(Death)
  /// Never comes back.
  case spin
}

/// The inputs as text, one after the other: it matters which comes after which.
package struct Listing: ReducingTask {
  package var trouble: [Int: Trouble]
  package init(_ trouble: [Int: Trouble] = [:]) { self.trouble = trouble }

  package func run(_ input: Int) throws -> String {
    switch trouble[input] {
    case nil: break
    case .error: throw Misfit(value: input)
    case .death(let death): death.perform()
    case .spin: while true { pause(milliseconds: 1) }
    }
    return "\(input)"
  }

  package func combine(_ next: String, into total: inout String) { total += " " + next }
}

/// The sum of reciprocals of any input: its last digits depend on where the brackets are.
package struct Reciprocals<Number: BinaryInteger & Codable & Sendable>: ReducingTask {
  package init() {}
  package func run(_ input: Number) -> Double { 1 / Double(input) }
  package func combine(_ next: Double, into total: inout Double) { total += next }
}

/// How many inputs there are.
package struct IntegerCount<Number: BinaryInteger & Codable & Sendable>: ReducingTask {
  package init() {}
  package func run(_ input: Number) -> Int { 1 }
  package func combine(_ next: Int, into total: inout Int) { total += next }
}

/// The largest of any inputs: a task that does not know that its inputs are integers.
package struct Largest<Value: Comparable & Codable & Sendable>: ReducingTask {
  package init() {}
  package func run(_ input: Value) -> Value { input }
  package func combine(_ next: Value, into total: inout Value) { total = max(total, next) }
}

/// As ``Reciprocals``, of a loop that suspends.
package struct AwaitedReciprocals: ReducingTask {
  package init() {}
  package func run(_ input: Int) async -> Double {
    await Task.yield()
    return 1 / Double(input)
  }
  package func combine(_ next: Double, into total: inout Double) { total += next }
}

/// The worker's idea of which item each input is: the largest difference between the two.
package struct ItemNumbers: ReducingTask {
  package init() {}
  package func run(_ input: Int) -> Int { abs(TaskContext.current!.item.index - input) }
  package func combine(_ next: Int, into total: inout Int) { total = max(total, next) }
}

/// How many parts were sent back, and how many inputs they had.
package struct PartCount: ReducingTask {
  package struct Count: Codable, Sendable {
    package var parts = 0
    package var inputs = 0
    package init() {}
  }
  package init() {}
  package func run(_ input: Int) -> Count {
    var count = Count()
    count.inputs = 1
    return count
  }
  /// A part arrives with no parts counted: it is one.
  package func combine(_ next: Count, into total: inout Count) {
    total.inputs += next.inputs
    if TaskContext.current == nil { total.parts += 1 }
  }
}

/// The sum of the inputs, each after a while.
package struct SleepingSum: ReducingTask {
  package var milliseconds: Int
  package init(milliseconds: Int) { self.milliseconds = milliseconds }
  package func run(_ input: Int) -> Int {
    pause(milliseconds: milliseconds)
    return input
  }
  package func combine(_ next: Int, into total: inout Int) { total += next }
}
