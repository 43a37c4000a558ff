import ProcPoolSystem
import Synchronization

/// Tells which deaths are the kernel's doing, for want of memory: as many as it has counted.
///
/// One for all pools of the program, since the kernel's counts do not say whose worker it was.
final class MemoryKills: Sendable {
  static let shared = MemoryKills()

  private let ledger = Mutex(MemoryKillLedger())

  /// Looks at the counts: what is counted later may be a worker of a pool that starts now.
  func note() {
    let counts = OutOfMemoryKills.count()
    let now = MonotonicClock.now()
    ledger.withLock { $0.note(groups: counts.groups, machine: counts.machine, now: now) }
  }

  /// For a process that has been killed: whose memory ran out, if that was why.
  func claim() -> LikelyCause.MemoryLimit? {
    note()
    let now = MonotonicClock.now()
    return ledger.withLock { $0.claim(now: now) }
  }
}

/// The kernel's counts of processes that it has killed for want of memory, and for how many of them the cause of a
/// death has not been told yet.
struct MemoryKillLedger {
  private var groups: [String: Int]?
  private var machine: Int?
  /// How much more has been counted for the machine than for the groups, and how much of that has been noted. The
  /// counts are not read at one instant.
  private var surplus = 0
  private var noted = 0
  /// Counted, not claimed, and when each was seen.
  private var ofGroups: [Int64] = []
  private var ofMachine: [Int64] = []

  /// A process that is killed while it has much memory takes a second or two to end. What nobody claims for longer than
  /// this was none of the pool's. Nanoseconds.
  static let patience: Int64 = 10_000_000_000

  /// So many deaths at once are more than any pool has workers.
  private static let most = 10_000

  /// - Parameters:
  ///   - groups: the counts of the control groups.
  ///   - machine: that of the machine, in which the groups' are counted, too.
  mutating func note(groups: [String: Int], machine: Int?, now: Int64) {
    var more = 0
    if let known = self.groups {
      for (folder, count) in groups {
        // A group that has been made since has counted nothing before that; one that this process was moved to has.
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

  /// Takes one that was counted, if there is any: of the groups before one of the machine.
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
