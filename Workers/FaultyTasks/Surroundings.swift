import Glibc
import ProcPool

/// What the process of a worker looks like from inside.
public struct Surroundings: Codable, Sendable, Equatable {
  public var pid: Int32
  public var group: Int32
  /// Signal sets as /proc shows them, of the thread that runs the task.
  public var blocked: UInt64
  public var ignored: UInt64
  /// What each open descriptor is.
  public var descriptors: [Int32: String]
  /// Descriptors that a program started from here would inherit.
  public var inheritable: [Int32]
  public var threads: [String]
}

/// Looks around.
public struct LookAround: PoolTask {
  public init() {}

  public func run(_ input: Int) -> Surroundings {
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
public struct ReadVariable: PoolTask {
  public init() {}
  public func run(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Reads a byte from standard input.
public struct ReadInput: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int {
    var byte: UInt8 = 0
    return read(STDIN_FILENO, &byte, 1)
  }
}

/// Prints, in every way there is, and returns its input.
public struct Print: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int {
    print("printed \(input)")
    puts("put \(input)")
    _ = "written \(input)\n".withCString { write(STDOUT_FILENO, $0, strlen($0)) }
    return input
  }
}

/// Runs a program to its end, and returns what it wrote to standard output.
public struct RunProgram: PoolTask {
  public init() {}
  public func run(_ words: [String]) throws -> String { try Inspection.output(of: words) }
}

/// Starts a program that outlives the item, and returns its process number.
public struct LeaveChild: PoolTask {
  /// Whether it is in the worker's process group, or in one of its own.
  public var isInGroup: Bool
  public init(inGroup: Bool = false) { isInGroup = inGroup }
  public func run(_ command: String) throws -> Int32 {
    try Inspection.spawn(["/bin/sh", "-c", command], inGroup: isInGroup)
  }
}

/// Recurses until so many bytes of stack are used, and says how many were.
public struct Recurse: PoolTask {
  public init() {}
  public func run(_ bytes: Int) -> Int {
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
public struct AskMainActor: PoolTask {
  public init() {}
  public func run(_ input: Int) async -> Int {
    await MainActor.run {
      MainActor.assertIsolated()
      return input
    }
  }
}

/// Awaits child tasks and detached tasks.
public struct Divide: PoolTask {
  public init() {}
  public func run(_ input: Int) async -> Int {
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
public struct Nest: PoolTask {
  public init() {}
  public func run(_ input: [Int]) async throws -> [Int] {
    try await withPool(workers: 2, worker: .executable(named: "FaultyWorker")) { pool in
      try await pool.map(Echo(), over: input)
    }
  }
}

/// Gives up root.
public struct BecomeNobody: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int { Int(setuid(65534)) }
}

/// Tells how often the worker has read and written so far.
public struct CountTransfers: PoolTask {
  public init() {}

  public func run(_ input: Int) -> [Int] {
    let (reads, writes) = Inspection.transfers()
    return [reads, writes]
  }
}
