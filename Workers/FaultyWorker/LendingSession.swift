import FaultyTasks
import Glibc
import ProcPool
import ProcPoolSystem

/// Shared memory that workers make, where there are limits on what processes may have.
///
/// `files LIMIT` prints what becomes of shared things where no file may have more bytes than a limit that its caller has
/// set; `descriptors` what becomes of more arrays than the coordinator may have open; `flood NUMBER` the sum of arrays
/// that come faster than they are taken, and before that, as `endless`, the numbers of the workers' processes; `refused`
/// what becomes of shared memory after a task has changed its worker's user; `group BYTES` of that in a small control group;
/// `lost` of what workers had made that end right afterwards; and `half-dead` of what a worker had made that takes its time
/// to end.
enum LendingSession {
  static func perform(_ part: String, _ words: [String]) async throws {
    switch part {
    case "files": try await meetFileLimit()
    case "descriptors": try await runOutOfDescriptors()
    case "flood": try await flood(Int(words[0])!)
    case "endless": try await flood(.max)
    case "lost": try await loseWorkers()
    case "half-dead": try await loseMainThread()
    case "refused": try await shareWithOtherUsers()
    case "group": try await fillGroup(Int(words[0])!)
    default: throw Misfit(value: 64)
    }
  }

  /// A line for each thing: what it is, or why it is not.
  private static func say(_ name: String, _ body: () async throws -> String) async {
    let text: String
    do { text = try await body() } catch { text = "\(error)" }
    print("\(name): \(text)")
    fflush(nil)
  }

  private static func meetFileLimit() async throws {
    await say("array") { "\(try SharedArray(repeating: 1, count: 1_000_000).count)" }
    await say("matrix") { "\(try SharedMatrix(repeating: 1, rows: 1_000, columns: 1_000).rows)" }
    await say("locked") { "\(try LockedArray(repeating: 1, count: 1_000_000).count)" }
    await say("counter") { "\(try SharedCounter(7).value)" }
    let name = "procpool-test-limit-\(getpid())"
    await say("named") {
      defer { try? SharedArray<Int>.remove(named: name) }
      return "\(try SharedArray(named: name, repeating: 1, count: 1_000_000).count)"
    }
    try await withPool(
      workers: 2, configuration: PoolConfiguration(cancellation: .init(beforeTermination: .zero))
    ) { pool in
      await say("map") { "\(try await pool.map(Echo(), over: 0..<1_000).reduce(0, +))" }
      await say("long") {
        let long = (0..<8).map { [UInt8](repeating: UInt8($0), count: 300_000) }
        return "\(try await pool.map(EchoBytes(), over: long, chunkSize: 1) == long)"
      }
      await say("made") { "\(try await pool.apply(MakeShared(count: 1_000_000), to: 1).count)" }
      await say("small") { "\(try await pool.apply(MakeShared(count: 10), to: 1).count)" }
      await say("timeout") { "\(try await pool.apply(Sleep(), to: 100_000, timeout: .milliseconds(300)))" }
      await say("lost") { "\(try await pool.map(DieAt([3]), over: 0..<4, chunkSize: 1))" }
      await say("after") { "\(try await pool.map(Echo(), over: 0..<1_000).reduce(0, +))" }
    }
  }

  /// So many arrays that the coordinator cannot have them all open: the first arrive, and the others say why not.
  private static func runOutOfDescriptors() async throws {
    try await withPool(workers: 1) { pool in
      let worker = try await pool.apply(ProcessNumber(), to: 0)
      // Room for fifteen more: numbers count, not files.
      let taken = Inspection.descriptors()
      Descriptor.limit = UInt64((0..<1000).filter { taken[$0] == nil }[15])
      var results = await pool.mapResults(MakeShared(count: 5_000), over: 0..<60)
      var arrived = 0
      var reasons: Set<String> = []
      for (number, result) in results.enumerated() {
        switch result {
        case .success(let array):
          arrived += Array(array) == Array(repeating: number, count: 5_000) ? 1 : -1000
        case .failure(.notCodable(let failure)): reasons.insert(failure.message)
        case .failure(let error): reasons.insert("\(error)")
        }
      }
      print(arrived >= 5, arrived < 60, reasons.count)
      for reason in reasons { print(reason) }
      // Those of one slab need no more than it, once there is room for that.
      results = []
      let counted = await pool.mapResults(MakeShared(count: 3), over: 0..<3)
      print(counted.count { (try? $0.get().count) == 3 })
      Descriptor.limit = 1024
      let again = try await pool.map(MakeShared(count: 5_000), over: 0..<60)
      print(again.count, try await pool.apply(ProcessNumber(), to: 0) == worker)
    }
  }

  /// Arrays that come for as long as there are numbers, while the test stops this process now and then.
  private static func flood(_ count: Int) async throws {
    try await withPool(workers: 2) { pool in
      let workers = try await pool.broadcast(ProcessNumber(), to: 0)
      print(workers.map(String.init).joined(separator: " "), 0)
      fflush(nil)
      var sum = 0
      // In chunks that workers go through without waiting for anybody.
      for try await array in pool.imap(
        MakeShared(count: 3), over: 0..<count, chunkSize: 1_000, inFlight: 4_000)
      {
        sum += array[2]
      }
      print(sum)
    }
  }

  /// Workers that end with the last of their items: whether what is there is whole, whether anything is lost but those
  /// items, and whether all is there where they are tried again. Nothing may fail otherwise.
  private static func loseWorkers() async throws {
    try await withPool(workers: 2) { pool in
      var isWhole = true
      var isMoreLost = false
      var isRetried = true
      for round in 0..<20 {
        let first = round * 100
        let deadly: Set = [first + 9, first + 19]
        for count in [3, 5_000] {
          let task = MakeSharedOrDie(count: count, dyingAt: deadly)
          let results = await pool.mapResults(task, over: first..<first + 20, chunkSize: 10)
          for (index, result) in results.enumerated() {
            switch result {
            case .success(let array):
              isWhole = isWhole && Array(array) == Array(repeating: first + index, count: count)
            case .failure(.workerLost): isMoreLost = isMoreLost || !deadly.contains(first + index)
            case .failure(let error): throw error
            }
          }
          let again = try await pool.map(
            task, over: first..<first + 20, chunkSize: 10, retry: .atLeastOnce(maximumAttempts: 9))
          for (index, array) in again.enumerated() {
            isRetried = isRetried && Array(array) == Array(repeating: first + index, count: count)
          }
        }
      }
      print(isWhole, isMoreLost, isRetried)
    }
  }

  /// A worker that has lost the files that it has made arrays in, and does not end for long.
  private static func loseMainThread() async throws {
    for count in [3, 5_000] {
      try await withPool(workers: 1) { pool in
        for result in await pool.mapResults(
          MakeSharedAndLoseMainThread(count: count), over: 0..<2, chunkSize: 2)
        {
          switch result {
          case .success(let array): print(Array(array))
          case .failure(.workerLost): print("lost")
          case .failure(let error): print(error)
          }
        }
      }
    }
  }

  /// Workers that may not look into this process any more, since a task has changed their user.
  private static func shareWithOtherUsers() async throws {
    try await withPool(workers: 2) { pool in
      _ = try await pool.broadcast(BecomeNobody(), to: 0)
      let arrays = [try SharedArray(0..<100_000), try SharedArray(0..<10)]
      var sums: [[Int]] = []
      for _ in 0..<3 { sums.append(try await pool.map(SumShared(), over: arrays, chunkSize: 1)) }
      try await pool.forEach(AddInPlace(arrays[0]), over: [0..<50_000, 50_000..<100_000])
      // And what they make comes back.
      let made = try await pool.map(MakeParcels(), over: 0..<10, chunkSize: 1)
      let areWhole = try made.enumerated().allSatisfy { try $1[0].hold($0) }
      print(sums, arrays[0][99_999], areWhole)
    }
  }

  /// An array of so many bytes, in a control group that has less.
  private static func fillGroup(_ bytes: Int) async throws {
    await say("array") { "\(try SharedArray(repeating: UInt8(1), count: bytes).count)" }
    let name = "procpool-test-group-\(getpid())"
    await say("named") {
      defer { try? SharedArray<UInt8>.remove(named: name) }
      return "\(try SharedArray(named: name, repeating: UInt8(1), count: bytes).count)"
    }
    await say("half") { "\(try SharedArray(repeating: UInt8(1), count: bytes / 8).count)" }
    try await withPool(workers: 1) { pool in
      await say("made") { "\(try await pool.apply(MakeShared(count: bytes / 8), to: 1).count)" }
    }
  }
}
