import Glibc
import ProcPool

/// One of each kind of shared thing, small ones and large ones, all of them full of one number.
public struct Parcels: Codable, Sendable {
  public var small: SharedArray<Int>
  public var large: SharedArray<Int>
  public var matrix: SharedMatrix<Double>
  public var bins: LockedArray<Int>
  public var value: LockedValue<Int>
  public var counter: SharedCounter

  public init(_ number: Int) throws {
    small = try SharedArray(repeating: number, count: 3)
    // What has more than 32 KiB is a file of its own.
    large = try SharedArray(repeating: number, count: 5_000)
    matrix = try SharedMatrix(repeating: Double(number), rows: 100, columns: 50)
    bins = try LockedArray(repeating: number, count: 10)
    value = try LockedValue(number)
    counter = try SharedCounter(number)
  }

  /// Whether all of it is there, and is that number.
  public func hold(_ number: Int) throws -> Bool {
    let isInArrays = Array(small) + Array(large) == Array(repeating: number, count: 5_003)
    let isInMatrix = matrix.rowMajorElements() == Array(repeating: Double(number), count: 5_000)
    let isInBins = try bins.withLock { bins in bins.indices.allSatisfy { bins[$0] == number } }
    let isInValue = try value.withLock { $0 == number }
    return isInArrays && isInMatrix && isInBins && isInValue && counter.value == number
  }
}

/// Makes parcels of each input, and ends the worker at some.
public struct MakeParcels: ReducingTask {
  public var deaths: [Int: Death]
  public var milliseconds: Int
  public init(dyingAt deaths: [Int: Death] = [:], milliseconds: Int = 0) {
    self.deaths = deaths
    self.milliseconds = milliseconds
  }

  public func run(_ number: Int) throws -> [Parcels] {
    if milliseconds > 0 { pause(milliseconds: milliseconds) }
    deaths[number]?.perform()
    return [try Parcels(number)]
  }

  public func combine(_ next: [Parcels], into total: inout [Parcels]) { total += next }
}

/// Makes one array of each input, as ``MakeShared`` does, and ends the worker at some.
public struct MakeSharedOrDie: PoolTask {
  public var count: Int
  public var deadly: Set<Int>
  /// Ends it in the first attempt only.
  public init(count: Int, dyingAt deadly: Set<Int>) {
    self.count = count
    self.deadly = deadly
  }

  public func run(_ value: Int) throws -> SharedArray<Int> {
    if deadly.contains(value), TaskContext.current!.attempt == 1 { Death.signal(SIGKILL).perform() }
    return try SharedArray(repeating: value, count: count)
  }
}

/// Several arrays at once.
public struct MakeManyShared: PoolTask {
  public var count: Int
  public init(count: Int) { self.count = count }
  public func run(_ value: Int) throws -> [SharedArray<Int>] {
    try (0..<count).map { try SharedArray(repeating: value + $0, count: 5_000) }
  }
}

/// An error that holds shared memory.
public struct SharedMisfit: Error, Codable {
  public var parcels: Parcels
}

/// Throws parcels of its input, and ends the worker at some.
public struct ThrowParcels: PoolTask {
  public var deadly: Set<Int>
  public init(dyingAt deadly: Set<Int> = []) { self.deadly = deadly }

  public func run(_ number: Int) throws -> Int {
    if deadly.contains(number) { Death.signal(SIGKILL).perform() }
    throw SharedMisfit(parcels: try Parcels(number))
  }
}

/// As ``ThrowParcels``, in parts.
public struct ThrowParcelsAt: ReducingTask {
  public var number: Int
  public init(_ number: Int) { self.number = number }
  public func run(_ input: Int) throws -> Int {
    if input == number { throw SharedMisfit(parcels: try Parcels(number)) }
    return input
  }
  public func combine(_ next: Int, into total: inout Int) { total += next }
}

/// Throws parcels before its first item.
public struct PrepareParcels: PoolTask {
  public init() {}
  public mutating func prepare() throws { throw SharedMisfit(parcels: try Parcels(-1)) }
  public func run(_ input: Int) -> Int { input }
}

/// Closes the files of shared memory that its worker has made, and returns one of them.
public struct CloseShared: PoolTask {
  public init() {}
  public func run(_ number: Int) throws -> SharedArray<Int> {
    let array = try SharedArray(repeating: number, count: 5_000)
    for (descriptor, name) in Inspection.descriptors() where name.hasPrefix("/memfd:procpool ") {
      close(descriptor)
    }
    return array
  }
}

/// Notes the first of its input's bytes in a file.
public struct NoteBytes: PoolTask {
  public var path: String
  public init(path: String) { self.path = path }
  public func run(_ bytes: [UInt8]) { Note(path: path).run(Int(bytes[0])) }
}
