import Glibc
import ProcPool

/// Adds to each element of its range, in place.
package struct AddInPlace: PoolTask {
  package var array: SharedArray<Int>
  package init(_ array: SharedArray<Int>) { self.array = array }

  package func run(_ range: Range<Int>) {
    array.withMutableSpan(range) { span in
      for index in span.indices { span[index] += range.lowerBound + index }
    }
  }
}

/// The sum of an array that comes as its input.
package struct SumShared: PoolTask {
  package init() {}
  package func run(_ array: SharedArray<Int>) -> Int {
    array.withSpan { span in span.indices.reduce(0) { $0 + span[$1] } }
  }
}

/// An array inside a struct.
package struct Parcel: Codable, Sendable {
  package var name: String
  package var contents: [SharedArray<Double>]
  package init(name: String, contents: [SharedArray<Double>]) {
    self.name = name
    self.contents = contents
  }
}

/// Doubles the arrays of a parcel, in place, and returns it.
package struct DoubleContents: PoolTask {
  package init() {}
  package func run(_ parcel: Parcel) -> Parcel {
    for array in parcel.contents { for index in array.indices { array[index] *= 2 } }
    return Parcel(name: parcel.name + "!", contents: parcel.contents)
  }
}

/// Makes an array of so many elements, each its input.
package struct MakeShared: PoolTask {
  package var count: Int
  package init(count: Int) { self.count = count }
  package func run(_ value: Int) throws -> SharedArray<Int> {
    try SharedArray(repeating: value, count: count)
  }
}

/// Increments a locked value, a locked array's element, and a counter, so many times.
package struct Increment: PoolTask {
  package var value: LockedValue<Int>
  package var bins: LockedArray<Int>
  package var counter: SharedCounter
  package init(_ value: LockedValue<Int>, _ bins: LockedArray<Int>, _ counter: SharedCounter) {
    self.value = value
    self.bins = bins
    self.counter = counter
  }

  package func run(_ times: Int) throws {
    for time in 0..<times {
      try value.withLock { $0 += 1 }
      try bins.withLock { $0[time % $0.count] += 1 }
      counter.add(1)
    }
  }
}

/// Dies while it holds a lock, with the value half changed.
package struct DieInsideLock: PoolTask {
  package var value: LockedValue<Int>
  package init(_ value: LockedValue<Int>) { self.value = value }
  package func run(_ input: Int) throws {
    try value.withLock { value in
      value = -1
      kill(getpid(), SIGKILL)
      pause(milliseconds: 10_000)
    }
  }
}

/// Counts, below zero, how many have died inside the lock, and dies there too.
package struct RepairAndDie: PoolTask {
  package var value: LockedValue<Int>
  package init(_ value: LockedValue<Int>) { self.value = value }
  package func run(_ input: Int) throws {
    while true {
      do {
        try value.withLock { value in
          value -= 1
          kill(getpid(), SIGKILL)
          pause(milliseconds: 10_000)
        }
      } catch LockError.ownerDied {
        // Right as it is: a death is one step down.
        try value.repair { _, _ in }
      }
    }
  }
}

/// Sums a shared array in a pool of its own.
package struct SumInNestedPool: PoolTask {
  package init() {}
  package func run(_ array: SharedArray<Int>) async throws -> Int {
    try await withPool(workers: 1, worker: .executable(named: "FaultyWorker")) { pool in
      try await pool.apply(SumShared(), to: array)
    }
  }
}

/// How many mappings of shared memory the worker has.
package struct CountMappings: PoolTask {
  package var name: String
  package init(named name: String = "procpool") { self.name = name }
  package func run(_ input: Int) -> Int { Inspection.sharedMappings(named: name) }
}

/// How many bytes its input has.
package struct CountBytes: PoolTask {
  package init() {}
  package func run(_ bytes: [UInt8]) -> Int { bytes.count }
}

/// Sums bytes, and dies of some first bytes.
package struct SumBytes: PoolTask {
  package var deadly: Set<UInt8>
  package init(deadly: Set<UInt8> = []) { self.deadly = deadly }
  package func run(_ bytes: [UInt8]) -> Int {
    if let first = bytes.first, deadly.contains(first) { kill(getpid(), SIGKILL) }
    return bytes.reduce(0) { $0 &+ Int($1) }
  }
}

/// Writes a number of its own into all elements, again and again, with a lock or without, and counts how
/// often it found elements that differ: another's half-written number.
package struct FindTorn: PoolTask {
  package var locked: LockedArray<Int>
  package var bare: SharedArray<Int>
  package init(locked: LockedArray<Int>, bare: SharedArray<Int>) {
    self.locked = locked
    self.bare = bare
  }

  package struct Input: Codable, Sendable {
    package var number: Int
    package var rounds: Int
    package init(number: Int, rounds: Int) {
      self.number = number
      self.rounds = rounds
    }
  }

  package struct Count: Codable, Sendable {
    package var locked = 0
    package var bare = 0
  }

  package func run(_ input: Input) throws -> Count {
    var count = Count()
    for _ in 0..<input.rounds {
      try locked.withLock { elements in
        for index in elements.indices where elements[index] != elements[0] { count.locked += 1 }
        for index in elements.indices { elements[index] = input.number }
      }
      // Each element by a span of its own, so that what another process writes is seen.
      for index in bare.indices where bare[index] != bare[0] { count.bare += 1 }
      for index in bare.indices { bare[index] = input.number }
    }
    return count
  }
}

/// Adds to a shared number, without a lock, an atomic or mercy.
package struct AddWithoutLock: PoolTask {
  package var number: SharedArray<Int>
  package init(_ number: SharedArray<Int>) { self.number = number }
  package func run(_ times: Int) {
    for _ in 0..<times { number[0] += 1 }
  }
}

/// Waits until as many items have begun as there should be at once, and returns the length of its input.
package struct MeetWithBytes: PoolTask {
  package var directory: String
  package var count: Int
  package init(directory: String, count: Int) {
    self.directory = directory
    self.count = count
  }

  package func run(_ bytes: [UInt8]) -> Int {
    close(open("\(directory)/\(bytes[0])", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
    while Inspection.entries(directory).count < count { pause(milliseconds: 1) }
    return bytes.count
  }
}

/// The mappings of the memory for inputs that this process could write to, as the system lists them.
package struct WritableInputMemory: PoolTask {
  package init() {}
  package func run(_ bytes: [UInt8]) -> [String] {
    let all = (Inspection.contents("/proc/self/maps") ?? "").split(separator: "\n")
    let ours = all.filter { $0.contains("/memfd:procpool-inputs") }
    return ours.isEmpty ? ["none at all"] : ours.filter { !$0.contains(" r--s ") }.map(String.init)
  }
}

/// Changes the sign of a column's elements.
package struct NegateColumn: PoolTask {
  var matrix: SharedMatrix<Int32>

  package init(_ matrix: SharedMatrix<Int32>) { self.matrix = matrix }

  package func run(_ column: Int) {
    let part = matrix.column(column)
    part.copy(rowMajor: part.rowMajorElements().map { -$0 })
  }
}
