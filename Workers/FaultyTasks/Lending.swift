import Glibc
import ProcPool

/// One of each kind of shared thing, small ones and large ones, all of them full of one number.
package struct Parcels: Codable, Sendable {
  package var small: SharedArray<Int>
  package var large: SharedArray<Int>
  package var matrix: SharedMatrix<Double>
  package var bins: LockedArray<Int>
  package var value: LockedValue<Int>
  package var counter: SharedCounter

  package init(_ number: Int) throws {
    small = try SharedArray(repeating: number, count: 3)
    // What has more than 32 KiB is a file of its own.
    large = try SharedArray(repeating: number, count: 5_000)
    matrix = try SharedMatrix(repeating: Double(number), rows: 100, columns: 50)
    bins = try LockedArray(repeating: number, count: 10)
    value = try LockedValue(number)
    counter = try SharedCounter(number)
  }

  /// Whether all of it is there, and is that number.
  package func hold(_ number: Int) throws -> Bool {
    let isInArrays = Array(small) + Array(large) == Array(repeating: number, count: 5_003)
    let isInMatrix = matrix.rowMajorElements() == Array(repeating: Double(number), count: 5_000)
    let isInBins = try bins.withLock { bins in bins.indices.allSatisfy { bins[$0] == number } }
    let isInValue = try value.withLock { $0 == number }
    return isInArrays && isInMatrix && isInBins && isInValue && counter.value == number
  }
}

/// Makes parcels of each input, and ends the worker at some.
package struct MakeParcels: ReducingTask {
  package var deaths: [Int: Death]
  package var milliseconds: Int
  package init(dyingAt deaths: [Int: Death] = [:], milliseconds: Int = 0) {
    self.deaths = deaths
    self.milliseconds = milliseconds
  }

  package func run(_ number: Int) throws -> [Parcels] {
    if milliseconds > 0 { pause(milliseconds: milliseconds) }
    deaths[number]?.perform()
    return [try Parcels(number)]
  }

  package func combine(_ next: [Parcels], into total: inout [Parcels]) { total += next }
}

/// Makes one array of each input, as ``MakeShared`` does, and ends the worker at some.
package struct MakeSharedOrDie: PoolTask {
  package var count: Int
  package var deadly: Set<Int>
  /// Ends it in the first attempt only.
  package init(count: Int, dyingAt deadly: Set<Int>) {
    self.count = count
    self.deadly = deadly
  }

  package func run(_ value: Int) throws -> SharedArray<Int> {
    if deadly.contains(value), TaskContext.current!.attempt == 1 { Death.signal(SIGKILL).perform() }
    return try SharedArray(repeating: value, count: count)
  }
}

/// Several arrays at once.
package struct MakeManyShared: PoolTask {
  package var count: Int
  package init(count: Int) { self.count = count }
  package func run(_ value: Int) throws -> [SharedArray<Int>] {
    try (0..<count).map { try SharedArray(repeating: value + $0, count: 5_000) }
  }
}

/// An error that holds shared memory.
package struct SharedMisfit: Error, Codable {
  package var parcels: Parcels
}

/// Throws parcels of its input, and ends the worker at some.
package struct ThrowParcels: PoolTask {
  package var deadly: Set<Int>
  package init(dyingAt deadly: Set<Int> = []) { self.deadly = deadly }

  package func run(_ number: Int) throws -> Int {
    if deadly.contains(number) { Death.signal(SIGKILL).perform() }
    throw SharedMisfit(parcels: try Parcels(number))
  }
}

/// As ``ThrowParcels``, in parts.
package struct ThrowParcelsAt: ReducingTask {
  package var number: Int
  package init(_ number: Int) { self.number = number }
  package func run(_ input: Int) throws -> Int {
    if input == number { throw SharedMisfit(parcels: try Parcels(number)) }
    return input
  }
  package func combine(_ next: Int, into total: inout Int) { total += next }
}

/// Throws parcels before its first item.
package struct PrepareParcels: PoolTask {
  package init() {}
  package mutating func prepare() throws { throw SharedMisfit(parcels: try Parcels(-1)) }
  package func run(_ input: Int) -> Int { input }
}

/// Closes the files of shared memory that its worker has made, and returns one of them.
package struct CloseShared: PoolTask {
  package init() {}
  package func run(_ number: Int) throws -> SharedArray<Int> {
    let array = try SharedArray(repeating: number, count: 5_000)
    for (descriptor, name) in Inspection.descriptors() where name.hasPrefix("/memfd:procpool ") {
      close(descriptor)
    }
    return array
  }
}

/// Notes the first of its input's bytes in a file.
package struct NoteBytes: PoolTask {
  package var path: String
  package init(path: String) { self.path = path }
  package func run(_ bytes: [UInt8]) { Note(path: path).run(Int(bytes[0])) }
}
