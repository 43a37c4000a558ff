import FaultyTasks
import Foundation
import ProcPool
import Testing

/// A length of 31 or 32 bits is not enough for anything.
///
/// Not among `Processes`, whose tests may take a minute each: memory that nobody has used yet comes slowly on
/// a virtual machine. `make large` runs it by itself.
@Suite(
  .serialized, .leavesNothing, .timeLimit(.minutes(5)), .enabled(if: Sizes.given != nil, "see make large"))
struct PayloadsOfManyGigabytes {
  @Test func thereIsMemoryForOne() {
    #expect(Sizes.given?.isEmpty == false, "nothing was tried: PROCPOOL_LARGE is a list of numbers of bytes")
  }

  @Test(arguments: Sizes.given ?? []) func arriveWholeAsInputs(_ count: Int) async throws {
    try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
      #expect(try await pool.apply(CountBulk(), to: Bulk.bytes(count)) == count)
    }
  }

  @Test(arguments: Sizes.given ?? []) func arriveWholeAsOutputs(_ count: Int) async throws {
    try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
      let output = try await pool.apply(MakeBulk(), to: count)
      #expect(output.count == count && Bulk.isSound(output))
    }
  }
}

private enum Sizes {
  /// `PROCPOOL_LARGE` says how many bytes, with commas between several sizes.
  static let given = ProcessInfo.processInfo.environment["PROCPOOL_LARGE"].map {
    $0.split(separator: ",").compactMap { word in
      let count = Int(word)
      if count == nil { print("Left out: \(word), which is no number of bytes.") }
      return count
    }.filter { (count: Int) in
      // Value and frame in the sender, frame and value in the receiver, and something for the rest.
      let fits = available > 4 * count + 1 << 30
      if !fits { print("Left out: \(count) bytes, for which there is not enough memory here.") }
      return fits
    }
  }

  /// Bytes that programs may still use.
  private static var available: Int {
    let lines = Inspection.contents("/proc/meminfo")?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ")
    return (words.flatMap { Int($0[1]) } ?? 0) << 10
  }
}
