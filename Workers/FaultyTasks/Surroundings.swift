import Glibc
import ProcPool

/// What the process of a worker looks like from inside.
package struct Surroundings: Codable, Sendable, Equatable {
  package var pid: Int32
  package var group: Int32
  /// Signal sets as /proc shows them, of the thread that runs the task.
  package var blocked: UInt64
  package var ignored: UInt64
  /// What each open descriptor is.
  package var descriptors: [Int32: String]
  /// Descriptors that a program started from here would inherit.
  package var inheritable: [Int32]
  package var threads: [String]
}

/// Looks around.
package struct LookAround: PoolTask {
  package init() {}

  package func run(_ input: Int) -> Surroundings {
    Surroundings(
      pid: getpid(), group: getpgrp(),
      blocked: Inspection.signalSet("SigBlk", in: "/proc/thread-self/status"),
      ignored: Inspection.signalSet("SigIgn", in: "/proc/self/status"),
      descriptors: Inspection.descriptors(),
      inheritable: Inspection.descriptors().keys.filter { fcntl($0, F_GETFD) & FD_CLOEXEC == 0 }.sorted(),
      threads: Inspection.threads().values.sorted())
  }
}

/// The value of an environment variable.
package struct ReadVariable: PoolTask {
  package init() {}
  package func run(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Reads a byte from standard input.
package struct ReadInput: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int {
    var byte: UInt8 = 0
    return read(STDIN_FILENO, &byte, 1)
  }
}

/// Prints, in every way there is, and returns its input.
package struct Print: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int {
    print("printed \(input)")
    puts("put \(input)")
    _ = "written \(input)\n".withCString { write(STDOUT_FILENO, $0, strlen($0)) }
    return input
  }
}

/// Runs a program to its end, and returns what it wrote to standard output.
package struct RunProgram: PoolTask {
  package init() {}
  package func run(_ words: [String]) throws -> String { try Inspection.output(of: words) }
}

/// Starts a program that outlives the item, and returns its process number.
package struct LeaveChild: PoolTask {
  /// Whether it is in the worker's process group, or in one of its own.
  package var isInGroup: Bool
  package init(inGroup: Bool = false) { isInGroup = inGroup }
  package func run(_ command: String) throws -> Int32 {
    try Inspection.spawn(["/bin/sh", "-c", command], inGroup: isInGroup)
  }
}

/// Recurses until so many bytes of stack are used, and says how many were.
package struct Recurse: PoolTask {
  package init() {}
  package func run(_ bytes: Int) -> Int {
    var top = 0
    return withUnsafeMutablePointer(to: &top) { descend(bytes, from: UInt(bitPattern: $0)) }
  }
}

/// In steps of a kilobyte and a little.
@inline(never)
private func descend(_ bytes: Int, from top: UInt) -> Int {
  // An inline array, since Swift puts temporary memory on the heap when it likes.
  var block = InlineArray<1024, UInt8>(repeating: 0)
  let used = withUnsafeMutablePointer(to: &block) { Int(top - UInt(bitPattern: $0)) }
  // What is added after the call keeps it from becoming a loop.
  return used >= bytes ? used : descend(bytes, from: top) + Int(block[0])
}

/// Awaits the main actor.
package struct AskMainActor: PoolTask {
  package init() {}
  package func run(_ input: Int) async -> Int {
    await MainActor.run {
      MainActor.assertIsolated()
      return input
    }
  }
}

/// Awaits child tasks and detached tasks.
package struct Divide: PoolTask {
  package init() {}
  package func run(_ input: Int) async -> Int {
    async let one = half(input)
    async let other = half(input)
    let rest = await Task.detached { input % 2 }.value
    return await one + other + rest
  }
  private func half(_ input: Int) async -> Int {
    await Task.yield()
    return input / 2
  }
}

/// Maps in a pool of its own.
package struct Nest: PoolTask {
  package init() {}
  package func run(_ input: [Int]) async throws -> [Int] {
    try await withPool(workers: 2, worker: .executable(named: "FaultyWorker")) { pool in
      try await pool.map(Echo(), over: input)
    }
  }
}

/// Drops root privileges.
package struct BecomeNobody: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int { Int(setuid(65534)) }
}

/// Tells how often the worker has read and written so far.
package struct CountTransfers: PoolTask {
  package init() {}

  package func run(_ input: Int) -> [Int] {
    let (reads, writes) = Inspection.transfers()
    return [reads, writes]
  }
}
