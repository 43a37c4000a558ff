import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolSystem

/// Observes the pools of this machine repeatedly from outside. It reads the status pages that
/// workers and coordinators share, so it does not affect them.
///
/// Pools whose workers are threads, or cannot share memory, have no such pages and are not visible.
final class PoolWatcher {
  /// The state of a worker at the previous observation.
  private struct Memory {
    var snapshot: StatusPage.Snapshot
    var time: Int64
    /// The time since which the worker has been running its current item.
    var itemSince: Int64
  }

  /// The only process to observe; `nil` for all processes of this user.
  private let process: Int32?
  /// The previous states of the workers of each pool, by their places.
  private var pools: [FileIdentity: [Int: Memory]] = [:]
  /// A private copy of the observed page.
  private let page = StatusPage.makePrivate()

  init(of process: Int32? = nil) { self.process = process }

  /// Returns all pools, in the order of their processes.
  func observe() -> [PoolSnapshot] {
    var snapshots: [PoolSnapshot] = []
    var seen: Set<FileIdentity> = []
    for process in processes() {
      for descriptor in Remains.entries("/proc/\(process)/fd").compactMap({ Int32($0) }).sorted() {
        let path = "/proc/\(process)/fd/\(descriptor)"
        // A fork of a coordinator has its descriptors also, and is skipped.
        guard Self.target(path).hasPrefix("/memfd:\(StatusPage.fileName) "),
          // Nonblocking, because the number may belong to another file by now.
          let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY),
          let identity = try? FileIdentity(of: file), identity.size.isMultiple(of: StatusPage.size),
          (1...Self.mostPlaces).contains(identity.size / StatusPage.size), seen.insert(identity).inserted,
          let snapshot = observe(at: file, identity, of: process)
        else { continue }
        snapshots.append(snapshot)
      }
    }
    pools = pools.filter { seen.contains($0.key) }
    return snapshots
  }

  private func processes() -> [Int32] {
    if let process { return [process] }
    return Remains.entries("/proc").compactMap { Int32($0) }.filter {
      var status = stat()
      return stat("/proc/\($0)", &status) == 0 && status.st_uid == geteuid()
    }.sorted()
  }

  /// Returns the target of a symbolic link.
  private static func target(_ path: String) -> String {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { memory in
      let count = readlink(path, memory.baseAddress!.assumingMemoryBound(to: CChar.self), memory.count)
      return String(decoding: memory.prefix(max(0, count)), as: UTF8.self)
    }
  }

  /// More places than any pool has descriptors for, and few enough to read.
  private static let mostPlaces = 1 << 14

  private func observe(
    at file: borrowing Descriptor, _ identity: FileIdentity, of process: Int32
  ) -> PoolSnapshot? {
    var known = pools[identity] ?? [:]
    defer { pools[identity] = known }
    var workers: [WorkerSnapshot] = []
    var items: UInt64 = 0
    var rate = 0.0
    for place in 0..<identity.size / StatusPage.size {
      guard page.copy(place: place, of: file) else {
        known[place] = nil
        continue
      }
      let now = MonotonicClock.now()
      items &+= page.itemsOfAll
      guard let snapshot = page.snapshot(now: now) else {
        known[place] = nil
        continue
      }
      let before = known[place].flatMap { $0.snapshot.process == snapshot.process ? $0 : nil }
      let memory = Memory(
        snapshot: snapshot, time: now,
        itemSince: before.flatMap {
          $0.snapshot.progress.position == snapshot.progress.position
            && $0.snapshot.running == snapshot.running
            ? $0.itemSince : nil
        } ?? now)
      known[place] = memory
      let worker = Self.describe(memory, before: before)
      rate += worker.itemsPerSecond
      workers.append(worker)
    }
    guard !workers.isEmpty else { return nil }
    workers.sort { ($0.worker ?? .max, $0.process) < ($1.worker ?? .max, $1.process) }
    return PoolSnapshot(
      coordinator: process, program: Self.program(of: process), workers: workers,
      items: items,
      itemsPerSecond: rate)
  }

  private static func describe(_ memory: Memory, before: Memory?) -> WorkerSnapshot {
    let snapshot = memory.snapshot
    // The time since the previous observation, or since the process was started.
    let span = max(1, Double(memory.time - (before?.time ?? snapshot.started)))
    let position = before?.snapshot.progress.position ?? 0
    let times = snapshot.times &- (before?.snapshot.times ?? ActivityTimes())
    func part(_ activities: Activity...) -> Double {
      min(1, activities.reduce(0) { $0 + Double(times[$1.rawValue]) } / span)
    }
    var item: WorkerSnapshot.Item?
    if let running = snapshot.running {
      // The page only has the time since the worker has been running items, which is this item's if
      // it is the first of its chunk. The steps of a part (`mapReduce`) are not recorded.
      let known =
        snapshot.isFirstOfChunk && snapshot.progress.step == nil && snapshot.activity == .running
        && snapshot.since > 0
      let since = known ? min(snapshot.since, memory.itemSince) : memory.itemSince
      item = WorkerSnapshot.Item(
        task: snapshot.task, id: running, seconds: Double(memory.time - since) / 1e9,
        isAtLeast: !known)
    }
    return WorkerSnapshot(
      process: snapshot.process, worker: snapshot.worker?.index,
      upSeconds: Double(memory.time - snapshot.started) / 1e9, restarts: snapshot.restarts,
      items: snapshot.progress.position,
      itemsPerSecond: Double(snapshot.progress.position - min(position, snapshot.progress.position)) / span
        * 1e9,
      running: part(.running), copying: part(.reading, .decoding, .encoding, .writing),
      waiting: part(.waiting), isPreparing: snapshot.progress.phase == .preparing, item: item,
      memory: ProcessMemory.privateBytes(of: snapshot.process))
  }

  /// Returns the name of a process's program, as it was called.
  private static func program(of process: Int32) -> String {
    let arguments = TextFile.read("/proc/\(process)/cmdline")?.split(separator: "\0") ?? []
    let name = arguments.first?.split(separator: "/").last.map(String.init)
    return name ?? TextFile.read("/proc/\(process)/comm")?.lines().first.map(String.init)
      ?? "?"
  }
}
