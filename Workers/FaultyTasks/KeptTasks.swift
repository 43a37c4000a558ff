import Glibc
import ProcPool
import Synchronization

/// What a ``Prepared`` task finds in its worker.
package struct Finding: Codable, Sendable, Equatable {
  package var pid: Int32
  /// Preparations of such tasks in the worker's process so far, and how many of those tasks are alive there.
  package var preparations: Int
  package var living: Int
  /// Items that have been counted in a plain property, in an object, and in a ``WorkerLocal``, this one included.
  package var plain: Int
  package var object: Int
  package var local: Int
  /// What the task was made with.
  package var number: Int

  package static let nothing = Finding(
    pid: 0, preparations: 0, living: 0, plain: 0, object: 0, local: 0, number: 0)
}

/// Takes long enough to prepare to be kept.
package struct Prepared: ReducingTask {
  /// An object that belongs to the task; the worker counts those that are alive.
  package final class Shelf: Codable, @unchecked Sendable {
    static let living = Atomic(0)
    var items = 0
    init() { Self.living.add(1, ordering: .relaxed) }
    package init(from decoder: any Decoder) throws { Self.living.add(1, ordering: .relaxed) }
    package func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoKeys.self) }
    deinit { Self.living.subtract(1, ordering: .relaxed) }

    private enum NoKeys: CodingKey {}
  }

  static let preparations = Atomic(0)

  package var number: Int
  package var bytes: [UInt8]
  /// What `prepare` builds, in bytes.
  package var building: Int
  private var shelf = Shelf()
  private var plain = 0
  @WorkerLocal private var local: Int
  @WorkerLocal private var built: [UInt8]

  package init(_ number: Int = 0, bytes: Int = 0, building: Int = 0) {
    self.number = number
    self.bytes = Array(repeating: UInt8(truncatingIfNeeded: number), count: bytes)
    self.building = building
  }

  package mutating func prepare() throws {
    pause(milliseconds: 1)
    Self.preparations.add(1, ordering: .relaxed)
    local = 0
    plain = 1_000
    built = Array(repeating: 1, count: building)
    if number < 0 { throw Misfit(value: Self.preparations.load(ordering: .relaxed)) }
  }

  /// Ends its worker if the input is 13, in its first attempt; takes as many milliseconds as its absolute value if it is negative.
  package mutating func run(_ input: Int) -> Finding {
    if input == 13, TaskContext.current!.attempt == 1 { kill(getpid(), SIGKILL) }
    if input < 0 { pause(milliseconds: -input) }
    plain += 1
    shelf.items += 1
    local += 1
    return Finding(
      pid: getpid(), preparations: Self.preparations.load(ordering: .relaxed),
      living: Shelf.living.load(ordering: .relaxed), plain: plain - 1_000, object: shelf.items, local: local,
      number: number)
  }

  package func combine(_ next: Finding, into total: inout Finding) {
    if next.preparations > total.preparations { total = next }
  }
}

/// As ``Prepared``, and not to be kept.
package struct PreparedForEachCall: PoolTask {
  private var task = Prepared()
  package init() {}

  package static var isKept: Bool { false }
  package mutating func prepare() throws { try task.prepare() }
  package mutating func run(_ input: Int) -> Finding { task.run(input) }
}

/// Takes long to prepare, and has an array in shared memory.
package struct PreparedSum: PoolTask {
  package var array: SharedArray<Int>
  package init(_ array: SharedArray<Int>) { self.array = array }

  package mutating func prepare() { pause(milliseconds: 1) }

  /// The sum of the array and the input.
  package func run(_ input: Int) -> Int {
    array.withSpan { span in
      var sum = input
      for index in span.indices { sum += span[index] }
      return sum
    }
  }
}

/// Takes long to prepare, and is encoded in an order that differs between values that are equal.
package struct PreparedNames: PoolTask {
  package var names: Set<Int>
  package init(_ names: Set<Int>) { self.names = names }

  package mutating func prepare() { pause(milliseconds: 1) }

  /// How many there are, their sum, and the input.
  package func run(_ input: Int) -> [Int] { [names.count, names.reduce(0, +), input] }
}
