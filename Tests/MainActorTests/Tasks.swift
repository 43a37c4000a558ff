import ProcPool

// In a module whose default isolation is the main actor, a task says that it is not: it runs in a worker.

nonisolated struct Double: PoolTask {
  func run(_ input: Int) -> Int { 2 * input }
}

nonisolated struct Ignore: PoolTask {
  func run(_ input: Int) {}
}

/// Asks for the main actor where it needs it: in a worker on threads, that of this process.
nonisolated struct Remember: PoolTask {
  func run(_ input: Int) async -> Int {
    await MainActor.run {
      memory.append(input)
      return memory.count
    }
  }
}

nonisolated struct Preparing: PoolTask {
  @WorkerLocal var factor: Int
  mutating func prepare() { factor = 3 }
  func run(_ input: Int) -> Int { factor * input }
}

/// On the main actor, as everything here is by default.
var memory: [Int] = []
