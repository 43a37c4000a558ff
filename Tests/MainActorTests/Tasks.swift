import ProcPool

// In a module whose default isolation is the main actor a task is written as anywhere: a `PoolTask` is
// `Sendable`, so that the compiler does not bind it to the main actor. Types that it takes and returns are
// bound, unless they say `nonisolated`: their `Codable` could be used on the main actor only.

struct Double: PoolTask {
  func run(_ input: Int) -> Int { 2 * input }
}

struct Ignore: PoolTask {
  func run(_ input: Int) {}
}

nonisolated struct Point: Codable, Sendable, Equatable {
  var x: Int
  var y: Int
}

struct Mirror: PoolTask {
  var axis = 0
  func run(_ input: Point) -> Point { Point(x: 2 * axis - input.x, y: input.y) }
}

struct Preparing: PoolTask {
  // Not in a `nonisolated struct`: Swift 6.3 does not compile a property wrapper there.
  @WorkerLocal var factor: Int
  mutating func prepare() { factor = 3 }
  func run(_ input: Int) -> Int { factor * input }
}

/// Asks for the main actor where it needs it: in a worker on threads, that of this process.
struct Remember: PoolTask {
  func run(_ input: Int) async -> Int {
    await MainActor.run {
      memory.append(input)
      return memory.count
    }
  }
}

/// On the main actor, as everything here is by default.
var memory: [Int] = []
