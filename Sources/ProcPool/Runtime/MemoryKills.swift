import ProcPoolSystem
import Synchronization

/// Attributes deaths of workers to out-of-memory kills, as many as the kernel has counted.
///
/// There is one instance for all pools of the program, because the kernel's counts do not tell
/// pools apart.
final class MemoryKills: Sendable {
  static let shared = MemoryKills()

  private let ledger = Mutex(MemoryKillLedger())

  /// Reads the counts. Later increments may be workers of a pool that starts now.
  func note() {
    let counts = OutOfMemoryKills.count()
    let now = MonotonicClock.now()
    ledger.withLock { $0.note(groups: counts.groups, machine: counts.machine, now: now) }
  }

  /// The limit that was exceeded, if a killed process was the victim of an out-of-memory kill.
  func claim() -> LikelyCause.MemoryLimit? {
    note()
    let now = MonotonicClock.now()
    return ledger.withLock { $0.claim(now: now) }
  }
}

/// The kernel's counts of out-of-memory kills, and those that have not been attributed to a worker
/// yet.
struct MemoryKillLedger {
  private var groups: [String: Int]?
  private var machine: Int?
  /// How much more was counted for the machine than for the groups, and how much of this was noted.
  /// The counts are not read at the same instant.
  private var surplus = 0
  private var noted = 0
  /// When the kills that have not been claimed were noted.
  private var ofGroups: [Int64] = []
  private var ofMachine: [Int64] = []

  /// How long a kill can be claimed, in nanoseconds. A killed process with much memory takes a
  /// second or two to end. A kill that is not claimed within this time was not a worker of a pool.
  static let patience: Int64 = 10_000_000_000

  /// The maximum number of kills that are noted at once, which exceeds the number of workers of any
  /// pool.
  private static let most = 10_000

  /// - Parameters:
  ///   - groups: the counts of the control groups.
  ///   - machine: the count of the machine, which includes those of the groups.
  mutating func note(groups: [String: Int], machine: Int?, now: Int64) {
    var more = 0
    if let known = self.groups {
      for (folder, count) in groups {
        // A group created since then had no kills before, unlike one that this process was moved
        // to.
        let isNew = known.keys.contains { folder.hasPrefix($0 + "/") }
        guard let before = known[folder] ?? (isNew ? 0 : nil) else { continue }
        more += min(Self.most, max(0, count - before))
      }
    }
    if let known = self.machine, let machine { surplus += min(Self.most, max(0, machine - known)) }
    surplus -= more
    let others = max(0, surplus - noted)
    noted += others
    self.groups = groups
    self.machine = machine ?? self.machine
    ofGroups.removeAll { now - $0 > Self.patience }
    ofMachine.removeAll { now - $0 > Self.patience }
    ofGroups += repeatElement(now, count: more)
    ofMachine += repeatElement(now, count: others)
  }

  /// Claims a kill, if there is one: first a kill by a group, then one by the machine.
  mutating func claim(now: Int64) -> LikelyCause.MemoryLimit? {
    if !ofGroups.isEmpty {
      ofGroups.removeFirst()
      return .controlGroup
    }
    if !ofMachine.isEmpty {
      ofMachine.removeFirst()
      return .machine
    }
    return nil
  }
}
