import BenchTasks
import CProcPoolShims
import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization
import Testing

@testable import ProcPoolBench
@testable import ProcPoolWorker

import struct Foundation.Data
import class Foundation.FileManager
import class Foundation.JSONSerialization
import class Foundation.Thread

/// Looks until something is seen, or half a minute is over.
private func observed<Snapshot>(_ observe: () async throws -> Snapshot?) async throws -> Snapshot? {
  for _ in 0..<300 {
    if let snapshot = try await observe() { return snapshot }
    try await Task.sleep(for: .milliseconds(100))
  }
  return nil
}

@Suite("Pools are seen from outside, by their status pages", .timeLimit(.minutes(5)))
struct PoolsFromOutside {
  @Test("A worker's item, its call and its task's type are told, and for how long it has been running")
  func items() async throws {
    try await withPool(
      workers: 2, worker: BenchContext.worker,
      configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: 1))
    ) { pool in
      let processes = Set(try await pool.broadcast(ProcessNumber(), to: 0))
      _ = try await pool.map(Increment(), over: 0..<1_000)
      let start = ContinuousClock.now
      let call = pool.mapAsync(Sleep(milliseconds: 30_000), over: 0..<4, chunkSize: 2)
      let watcher = PoolWatcher(of: getpid())
      let snapshot = try await observed {
        let snapshot = watcher.observe().first { !processes.isDisjoint(with: $0.workers.map(\.process)) }
        return snapshot?.workers.count { $0.item?.seconds ?? 0 > 0.3 } == 2 ? snapshot : nil
      }
      let found = try #require(snapshot)
      #expect(found.coordinator == getpid())
      #expect(found.items >= 1_002)
      let working = found.workers.filter { $0.worker != nil }
      #expect(working.map(\.worker) == [0, 1])
      #expect(Set(working.map(\.process)) == processes)
      #expect(working.allSatisfy { $0.item?.task == "Sleep" && $0.item?.id.call == working[0].item?.id.call })
      // Nothing came before them in their chunks, so that it is known when they began.
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      #expect(working.allSatisfy { $0.item?.isAtLeast == false && $0.item!.seconds <= elapsed })
      #expect(working.allSatisfy { $0.running > 0.9 && $0.waiting < 0.1 && $0.restarts == 0 })
      #expect(working.allSatisfy { $0.memory ?? 0 > 100_000 })
      #expect(found.workers.count { $0.worker == nil && $0.item == nil } == 1)
      // It reads, and maps nothing that another process may cut off: what is mapped is the pool's own.
      let maps = (TextFile.read("/proc/self/maps") ?? "").split(separator: "\n")
      #expect(!maps.contains { $0.contains(StatusPage.fileName) && !$0.contains(" rw-s ") })
      call.cancel()
      pool.terminate()
    }
  }

  /// Pages that may be cut off, as any process can make them.
  private func hostileFile(places: Int) throws -> Descriptor {
    let file = Descriptor(owning: procpool_memory_file(StatusPage.fileName))
    try #require(file.number >= 0)
    let page = StatusPage.makePrivate()
    page.reset()
    page.note(process: getpid())
    for place in 0..<places {
      page.memory.withMemoryRebound(to: UInt8.self) { bytes in
        #expect(
          pwrite(file.number, bytes.baseAddress, bytes.count, off_t(place * StatusPage.size)) == bytes.count)
      }
    }
    return file
  }

  @Test("A file that is cut off again and again while it is looked at ends nobody", .timeLimit(.minutes(5)))
  func hostile() async throws {
    let file = try hostileFile(places: 8)
    let number = file.number
    let isOver = Mutex(false)
    Thread {
      while !isOver.withLock({ $0 }) {
        ftruncate(number, 0)
        ftruncate(number, off_t(8 * StatusPage.size))
        ftruncate(number, off_t(3 * StatusPage.size + 100))
        ftruncate(number, off_t(8 * StatusPage.size))
      }
    }.start()
    defer { isOver.withLock { $0 = true } }
    for _ in 0..<20 {
      let outcome = try await Program.run(["top", "--json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
    }
  }

  @Test("What a page says of itself is shown, and not done") func names() throws {
    let name = "x\u{1B}[2J\u{9B}y\u{202E}"
    let item = WorkerSnapshot.Item(task: name, id: ItemID(call: 1, index: 2), seconds: 1, isAtLeast: false)
    let worker = WorkerSnapshot(
      process: 1, worker: 0, upSeconds: 1, restarts: 0, items: 1, itemsPerSecond: 1, running: 1, copying: 0,
      waiting: 0,
      isPreparing: false, item: item, memory: 1)
    let snapshot = PoolSnapshot(coordinator: 1, program: name, workers: [worker], items: 1, itemsPerSecond: 1)
    for text in TopScreen.lines([snapshot], style: .plain) + [snapshot.json.text()] {
      #expect(!text.unicodeScalars.contains { $0.isActedOn && $0 != "\n" })
    }
    let wide = PoolSnapshot(
      coordinator: 1, program: String(repeating: "日本", count: 40), workers: [worker], items: 1,
      itemsPerSecond: 1)
    let lines = TopScreen.lines([wide], style: TextStyle(width: 60, hasColour: false))
    #expect(lines.allSatisfy { $0.displayWidth <= 60 })
  }

  @Test("The live screen ends by a signal, also on a terminal that has been stopped") func stoppedTerminal()
    async throws
  {
    let status = try await onThread { () -> Int32? in
      let terminal = try Terminal(Program.folder.appendingPathComponent("procpool").path, ["top"])
      guard terminal.shows("q or Ctrl-C exits") else { return nil }
      terminal.stop()
      return terminal.end(by: SIGTERM)
    }
    #expect(status == 0)
  }

  @Test("How many items end in a second is counted, and where the time goes")
  func rates() async throws {
    try await withPool(workers: 1, worker: BenchContext.worker) { pool in
      let process = try await pool.apply(ProcessNumber(), to: 0)
      let watcher = PoolWatcher(of: getpid())
      func observe() -> WorkerSnapshot? {
        watcher.observe().flatMap(\.workers).first { $0.process == process }
      }
      let before = try #require(observe())
      let start = ContinuousClock.now
      _ = try await pool.map(Sleep(milliseconds: 10), over: 0..<30)
      let after = try #require(observe())
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      #expect(after.items == before.items + 30)
      #expect(after.itemsPerSecond <= 30 / 0.3 && after.itemsPerSecond >= 30 / elapsed * 0.5)
      // However long the machine took for the rest.
      #expect(after.running > 0.25 / elapsed && after.running + after.copying + after.waiting <= 1.01)
      #expect(after.item == nil)
    }
  }

  @Test("The command tells of a pool as text and as JSON, and of none that has gone")
  func command() async throws {
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await withPool(workers: 2, worker: BenchContext.worker) { pool in
      let call = pool.mapAsync(Sleep(milliseconds: 60_000), over: 0..<3)
      let pools = try await observed { () -> [[String: Any]]? in
        let outcome = try await Program.run(["top", "--json", "\(getpid())"])
        guard outcome.status == 0 else { return nil }
        let document = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let pools = document?["pools"] as? [[String: Any]] ?? []
        let items = pools.flatMap { $0["workers"] as? [[String: Any]] ?? [] }.compactMap {
          $0["item"] as? [String: Any]
        }
        return items.count { $0["task"] as? String == "Sleep" } >= 2 ? pools : nil
      }
      #expect(pools?.allSatisfy { $0["coordinator"] as? Int == Int(getpid()) } == true)
      let text = try await Program.run(["top", "\(getpid())"])
      #expect(text.status == 0 && text.errors.isEmpty)
      #expect(text.output.contains(" Sleep\n"))
      #expect(!text.output.contains("\u{1B}"))
      call.cancel()
      pool.terminate()
    }
    let nobody = try await Program.run(["top", "--once", "1"])
    #expect(nobody.status == 70)
    #expect(nobody.errors.contains("process 1 "))
    let gone = try await Program.run(["top", "--json", "2147483647"])
    #expect(gone.status == 70 && gone.errors.contains("there is no process 2147483647"))
    let wrong = try await Program.run(["top", "pool"])
    #expect(wrong.status == 64 && wrong.errors.contains("accepted: a whole number"))
  }
}

@Suite("The screen of top has room for what it shows")
struct TopScreens {
  private func worker(_ index: Int?, item: WorkerSnapshot.Item? = nil) -> WorkerSnapshot {
    WorkerSnapshot(
      process: 4_194_300, worker: index, upSeconds: 1e6, restarts: 12_345, items: 1 << 40,
      itemsPerSecond: 123_456_789, running: 1, copying: 0.999, waiting: 1, isPreparing: false, item: item,
      memory: 1 << 34)
  }

  private var pools: [PoolSnapshot] {
    let name = "RowsInPlace<Dictionary<String, Array<Optional<Double>>>, AVeryLongName>"
    let item = WorkerSnapshot.Item(
      task: name, id: ItemID(call: 4_000_000, index: 123_456_789_012), seconds: 360_000, isAtLeast: true)
    return [
      PoolSnapshot(
        coordinator: 4_194_299, program: "a-program-with-a-long-name",
        workers: (0..<30).map { worker($0, item: item) },
        items: 1 << 50, itemsPerSecond: 1e9),
      PoolSnapshot(
        coordinator: 4_194_298, program: "b", workers: [worker(0), worker(nil)], items: 0, itemsPerSecond: 0),
    ]
  }

  @Test("No line is wider, and no screen higher, than the terminal", arguments: [20, 40, 79, 80, 100, 200])
  func fits(width: Int) {
    let style = TextStyle(width: width, hasColour: false)
    for height in [1, 2, 5, 24, 60] {
      let lines = TopScreen.lines(
        pools, style: style, height: height, footer: "every second; q or Ctrl-C exits")
      #expect(lines.count <= max(1, height))
      #expect(lines.allSatisfy { $0.count <= max(width, 1) }, "\(lines.filter { $0.count > width })")
    }
  }

  @Test("A terminal of 80 × 24 shows what matters")
  func usual() {
    let style = TextStyle(width: 80, hasColour: false)
    let lines = TopScreen.lines(pools, style: style, height: 24, footer: "q ends")
    #expect(lines.count == 24)
    #expect(lines[0] == "2 pools, 32 workers, 1.00 G items/s, 512 GiB of memory")
    #expect(lines[2].hasPrefix("a-program-with-a-long-name (4194299): 30 workers, up 277:46:40, "))
    #expect(lines[3].contains("worker  process   run") && lines[3].contains("for  on"))
    #expect(lines[4].contains("≥ 100:00:00  4000000:123 456 789 012 …"))
    #expect(lines[21].hasPrefix("… ") && lines[21].contains("more lines"))
    #expect(lines[23] == "q ends")
  }

  @Test("Without a terminal everything is there, whole")
  func plain() {
    let lines = TopScreen.lines(pools, style: .plain)
    #expect(lines.contains { $0.contains("1 worker and 1 standing by") })
    #expect(lines.contains { $0.hasSuffix(" standing by") })
    #expect(lines.contains { $0.hasSuffix(" idle") })
    #expect(lines.count { $0.hasSuffix(", AVeryLongName>") } == 30)
    #expect(TopScreen.lines([], style: .plain) == ["no pools are running"])
  }
}
