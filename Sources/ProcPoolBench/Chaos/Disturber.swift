import Foundation
import ProcPool
import ProcPoolProtocol
import Synchronization

/// Kills, stops and continues the workers of a pool at random.
///
/// It learns of workers from the pool's events, as they start and end.
final class Disturber: Sendable {
  /// What it has done so far, and what the pool has told of itself.
  struct Account {
    var workers: [Int32: WorkerID] = [:]
    var killed = 0
    var stopped = 0
    var lost = 0
    var retried = 0
    var recycled = 0
    /// Since when a worker is missing.
    var missing: [WorkerID: ContinuousClock.Instant] = [:]
    var slowestReplacement = Duration.zero
    var unexpected: [String] = []
  }

  let account = Mutex(Account())

  /// Notes what happens in the pool, until it has ended.
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

  /// Adds to the tally what was done and told, when the pool has ended.
  func report(to tally: inout ChaosTally) {
    account.withLock { account in
      tally.breaches += account.unexpected
      // At most the item that was running is lost with a worker.
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

  /// So long is a pool disturbed: then it is to get on with its work.
  private static let patience = Duration.seconds(1)

  /// Disturbs for a second, or until the Swift task is cancelled.
  ///
  /// - Parameter pause: between two deeds, in microseconds, at the most.
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
    // Under the lock, so that no number is used after its process has been told to have ended.
    account.withLock { account in
      guard account.workers[pid] != nil, kill(pid, signal) == 0 else { return }
      if signal == SIGSTOP { account.stopped += 1 } else if signal != SIGCONT { account.killed += 1 }
    }
  }

  private func stop(_ pid: Int32, for time: Duration) async {
    send(SIGSTOP, to: pid)
    try? await Task.sleep(for: time)
    // Also when the round is over: what is stopped could not leave.
    send(SIGCONT, to: pid)
  }
}
