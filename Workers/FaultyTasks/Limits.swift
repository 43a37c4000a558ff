import Glibc
import ProcPool

/// Fills so many bytes of its own memory, and returns their sum.
package struct FillMemory: PoolTask {
  package init() {}
  package func run(_ bytes: Int) -> Int {
    let memory = [UInt8](repeating: 1, count: bytes)
    return memory.reduce(0) { $0 + Int($1) }
  }
}

/// What the system says of a worker's process.
package struct Allowance: Codable, Sendable, Equatable {
  package var niceness: Int32
  /// The processors that it may run on, as `/proc` writes them.
  package var processors: String

  package init(niceness: Int32, processors: String) {
    self.niceness = niceness
    self.processors = processors
  }
}

/// Says what its process is allowed.
package struct FindAllowance: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Allowance {
    let status = Inspection.contents("/proc/self/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
    return Allowance(
      niceness: nice(0), processors: String(line.split(separator: "\t").last ?? ""))
  }
}

/// Draws numbers for its item.
package struct Draw: PoolTask {
  package var count: Int
  package init(count: Int) { self.count = count }
  package func run(_ input: Int) -> [UInt64] {
    var random = TaskContext.current!.random
    return (0..<count).map { _ in random.next() }
  }
}

/// Draws a number for its item, and kills its worker in the first attempt at the second one.
package struct DrawAndDie: PoolTask {
  package init() {}
  package func run(_ input: Int) -> UInt64 {
    var random = TaskContext.current!.random
    let number = random.next()
    if input == 1, TaskContext.current!.attempt == 1 { Death.signal(SIGKILL).perform() }
    return number
  }
}

/// Prints its input as so many lines on standard output and standard error, the last without an end.
package struct Speak: PoolTask {
  package var lines: Int
  package init(lines: Int) { self.lines = lines }
  package func run(_ input: Int) -> Int {
    for line in 0..<lines {
      if line % 2 == 0 { print("\(input):\(line)") } else { writeLine("\(input):\(line)") }
    }
    print("\(input).", terminator: "")
    return input
  }
}
