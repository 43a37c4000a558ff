import Foundation
import ProcPool
import ProcPoolProtocol
import Synchronization

/// Kills, stops and continues the workers of a pool at random. Learns of starting and ending
/// workers from the pool's events.
final class Disturber: Sendable {
  /// The disturbances so far, and the events of the pool.
  struct Account {
    var workers: [Int32: WorkerID] = [:]
    var killed = 0
    var stopped = 0
    var lost = 0
    var retried = 0
    var recycled = 0
    /// The time since which a worker has been missing.
    var missing: [WorkerID: ContinuousClock.Instant] = [:]
    var slowestReplacement = Duration.zero
    var unexpected: [String] = []
  }

  let account = Mutex(Account())

  /// Records the events of the pool until it has ended.
  func watch(_ events: PoolEvents) async {
    for await event in events { account.withLock { Self.note(event, &$0) } }
  }

  private static func note(_ event: PoolEvent, _ account: inout Account) {
    switch event.kind {
    case .workerStarted(let worker, let pid):
      account.workers = account.workers.filter { $0.value != worker }
      account.workers[pid] = worker
      if let since = account.missing.removeValue(forKey: worker) {
        account.slowestReplacement = max(account.slowestReplacement, ContinuousClock.now - since)
      }
    case .workerLost(let loss, let item):
      account.workers[loss.pid] = nil
      account.missing[loss.worker] = .now
      if item != nil { account.lost += 1 }
    case .itemRetried: account.retried += 1
    case .workerRecycled(let worker, _):
      account.recycled += 1
      account.workers = account.workers.filter { $0.value != worker }
    case .itemStalled: break
    case .workerFailedToStart, .failed: account.unexpected.append("\(event)")
    }
  }

  /// Adds the disturbances and events to the tally. Called after the pool has ended.
  func report(to tally: inout ChaosTally) {
    account.withLock { account in
      tally.breaches += account.unexpected
      // Each killed worker costs at most the item that was running.
      if account.lost > account.killed {
        tally.breaches.append("\(account.lost) items were lost with \(account.killed) workers killed")
      }
      tally.killed += account.killed
      tally.stopped += account.stopped
      tally.retried += account.retried
      tally.lost += max(0, account.lost - account.retried)
      tally.recycled += account.recycled
      tally.slowestReplacement = max(tally.slowestReplacement, account.slowestReplacement)
    }
  }

  /// The duration of the disturbances, after which the pool must complete its work.
  private static let patience = Duration.seconds(1)

  /// Disturbs the pool for a second, or until the Swift task is cancelled.
  ///
  /// - Parameter pause: the maximum time between two signals, in microseconds.
  func disturb(pause: Int, stops: Bool, _ random: RandomNumbers) async {
    var random = random
    let end = ContinuousClock.now + Self.patience
    while !Task.isCancelled, ContinuousClock.now < end {
      try? await Task.sleep(for: .microseconds(Int.random(in: 0...pause, using: &random)))
      let workers = account.withLock { $0.workers.keys.sorted() }
      guard !Task.isCancelled, let pid = workers.randomElement(using: &random) else { continue }
      if stops, Int.random(in: 0..<3, using: &random) == 0 {
        await stop(pid, for: .microseconds(Int.random(in: 0...50_000, using: &random)))
      } else {
        let signal = [SIGKILL, SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGILL].randomElement(using: &random)!
        send(signal, to: pid)
      }
    }
  }

  private func send(_ signal: Int32, to pid: Int32) {
    // Under the lock, so that no signal goes to a process whose end has been reported.
    account.withLock { account in
      guard account.workers[pid] != nil, kill(pid, signal) == 0 else { return }
      if signal == SIGSTOP { account.stopped += 1 } else if signal != SIGCONT { account.killed += 1 }
    }
  }

  private func stop(_ pid: Int32, for time: Duration) async {
    send(SIGSTOP, to: pid)
    try? await Task.sleep(for: time)
    // Even if the round has ended, because a stopped process could not exit.
    send(SIGCONT, to: pid)
  }
}
