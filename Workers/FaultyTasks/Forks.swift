import Glibc
import ProcPool

/// Makes a copy of its worker at some items, by `fork`, and returns the item in the original.
package struct ForkAt: PoolTask {
  /// What the copy does.
  package enum Copy: Codable, Sendable, CaseIterable {
    /// Returns from the task as well.
    case goesOn
    /// Returns another value, longer than a frame that waits for others.
    case goesOnWithMuch
    /// Lives on without the task, and holds what the worker has open.
    case lingers
    case exits
    case dies
  }

  package var items: Set<Int>
  package var copy: Copy

  package init(_ items: Set<Int>, _ copy: Copy) {
    self.items = items
    self.copy = copy
  }

  package func run(_ input: Int) -> [Int] {
    guard items.contains(input), copyThisProcess() == 0 else { return [input] }
    switch copy {
    case .goesOn: return [-1]
    case .goesOnWithMuch: return Array(repeating: -1, count: 100_000)
    case .lingers:
      pause(milliseconds: 30_000)
      _exit(0)
    case .exits: exit(0)
    case .dies: kill(getpid(), SIGKILL)
    }
    return []
  }
}

/// Crashes in a copy of the worker, and returns the number of the signal that the copy ended by.
package struct CrashInCopy: PoolTask {
  package init() {}

  package func run(_: Int) -> Int32 {
    let copy = copyThisProcess()
    if copy == 0 { UnsafeMutablePointer<Int>(bitPattern: 8)!.pointee = 1 }
    var status: Int32 = 0
    while waitpid(copy, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F
  }
}

/// `fork`, by name because Swift hides it: the copy has this thread only.
///
/// - Returns: 0 in the copy, its number in the original.
package func copyThisProcess() -> Int32 {
  typealias Fork = @convention(c) () -> Int32
  let pid = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
  precondition(pid >= 0, "fork failed: \(String(cString: strerror(errno)))")
  return pid
}
