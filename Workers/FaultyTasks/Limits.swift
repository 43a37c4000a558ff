import Glibc
import ProcPool

/// Fills so many bytes of its own memory, and returns their sum.
public struct FillMemory: PoolTask {
  public init() {}
  public func run(_ bytes: Int) -> Int {
    let memory = [UInt8](repeating: 1, count: bytes)
    return memory.reduce(0) { $0 + Int($1) }
  }
}

/// What the system says of a worker's process.
public struct Allowance: Codable, Sendable, Equatable {
  public var niceness: Int32
  /// The processors that it may run on, as `/proc` writes them.
  public var processors: String

  public init(niceness: Int32, processors: String) {
    self.niceness = niceness
    self.processors = processors
  }
}

/// Says what its process is allowed.
public struct FindAllowance: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Allowance {
    let status = Inspection.contents("/proc/self/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
    return Allowance(
      niceness: nice(0), processors: String(line.split(separator: "\t").last ?? ""))
  }
}

/// Draws numbers for its item.
public struct Draw: PoolTask {
  public var count: Int
  public init(count: Int) { self.count = count }
  public func run(_ input: Int) -> [UInt64] {
    var random = TaskContext.current!.random
    return (0..<count).map { _ in random.next() }
  }
}

/// Draws a number for its item, and kills its worker in the first attempt at the second one.
public struct DrawAndDie: PoolTask {
  public init() {}
  public func run(_ input: Int) -> UInt64 {
    var random = TaskContext.current!.random
    let number = random.next()
    if input == 1, TaskContext.current!.attempt == 1 { Death.signal(SIGKILL).perform() }
    return number
  }
}

/// Prints its input as so many lines on standard output and standard error, the last without an end.
public struct Speak: PoolTask {
  public var lines: Int
  public init(lines: Int) { self.lines = lines }
  public func run(_ input: Int) -> Int {
    for line in 0..<lines {
      if line % 2 == 0 { print("\(input):\(line)") } else { writeLine("\(input):\(line)") }
    }
    print("\(input).", terminator: "")
    return input
  }
}
