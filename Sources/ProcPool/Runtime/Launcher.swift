import Dispatch
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// Starts workers one after the other, on one long-lived thread of the pool's own.
///
/// Launches are sequential because concurrent ones save nothing (eight take ten milliseconds) and
/// leak pipe ends into each other's children. The thread is the pool's own because the threads that
/// Foundation starts with the first launch inherit its signal mask, and because a worker must not
/// depend on a thread that may end. The ``WorkerMaker`` determines the kind of worker.
final class Launcher: Sendable {
  struct Request {
    let place: PlaceID
    let generation: UInt32
  }

  private struct State {
    var requests: [Request] = []
    /// The launch in progress, and its start.
    var current: (request: Request, since: Int64)?
    /// Whether the launch in progress has taken too long and was abandoned.
    var isStuck = false
    var isStopped = false
  }

  /// The time limit of a launch, in nanoseconds. A launch takes milliseconds, or seconds if the
  /// program comes from a slow disk. A launch that hangs in the C library or Foundation, for
  /// example waiting for a thread that could not be started, may never return.
  private static let launchTime: Int64 = 10_000_000_000

  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)
  private let maker: any WorkerMaker
  private let report: @Sendable (Request, Result<LaunchedWorker, WorkerStartFailure>) -> Void

  /// - Parameters:
  ///   - begins: called on the launcher's thread before anything else.
  ///   - report: called on the launcher's thread with each started worker, or with the reason why
  ///     it could not be started.
  init(
    _ settings: PoolSettings, begins: @escaping @Sendable () -> Void,
    report: @escaping @Sendable (Request, Result<LaunchedWorker, WorkerStartFailure>) -> Void
  ) throws(SystemError) {
    self.report = report
    maker = settings.program.makeMaker(settings)
    try SystemThread.start(name: "procpool-launch", blocksSignals: true) {
      begins()
      self.run()
    }
  }

  func launch(_ request: Request) {
    state.withLock { $0.requests.append(request) }
    wakeUp.signal()
  }

  /// Cancels a request.
  ///
  /// - Returns: whether the launch had not begun.
  func takeBack(_ place: PlaceID) -> Bool {
    state.withLock { state in
      guard let index = state.requests.lastIndex(where: { $0.place == place }) else { return false }
      state.requests.remove(at: index)
      return true
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    wakeUp.signal()
  }

  /// Reserves the page of a place for its present worker, which has not ended and may write to it.
  func abandonPage(of place: PlaceID) { maker.abandonPage(of: place) }

  private func run() {
    while true {
      wakeUp.wait()
      let (request, isStopped) = state.withLock { state in
        let request = state.requests.isEmpty ? nil : state.requests.removeFirst()
        state.current = request.map { ($0, MonotonicClock.now()) }
        return (request, state.isStopped)
      }
      if isStopped { return }
      guard let request else { continue }
      let result = Result { () throws(WorkerStartFailure) in try attempt(request) }
      let isWanted = state.withLock { state in
        defer {
          state.current = nil
          state.isStuck = false
        }
        return !state.isStuck
      }
      if isWanted {
        report(request, result)
      } else if case .success(let worker) = result {
        // Its place was reported as failed, and may belong to another worker by now.
        worker.connection.process?.killAndReap(milliseconds: Int32(RuntimeLoop.endingTime / 1_000_000))
      }
    }
  }

  private func attempt(_ request: Request) throws(WorkerStartFailure) -> LaunchedWorker {
    do {
      return try maker.makeWorker(request)
    } catch let failure as WorkerStartFailure {
      throw failure
    } catch let error as SystemError {
      throw WorkerStartFailure("\(error)", isShortage: error.isShortage)
    } catch {
      throw WorkerStartFailure("\(error)")
    }
  }

  /// When the launch in progress exceeds its time limit, on the monotonic clock; `nil` if there is
  /// none.
  var deadline: Int64? {
    state.withLock { state in
      if state.isStuck { return state.requests.isEmpty ? nil : 0 }
      if let current = state.current { return current.since + Self.launchTime }
      return state.requests.isEmpty ? nil : MonotonicClock.now() + Self.launchTime
    }
  }

  /// Abandons a launch that has exceeded its time limit, and the requests behind it.
  ///
  /// - Returns: the abandoned requests, and the reason.
  func abandonOverdue(now: Int64) -> (requests: [Request], failure: WorkerStartFailure) {
    let requests = state.withLock { state in
      var requests: [Request] = []
      if !state.isStuck, let current = state.current, now >= current.since + Self.launchTime {
        state.isStuck = true
        requests.append(current.request)
      }
      if state.isStuck {
        requests += state.requests
        state.requests = []
      }
      return requests
    }
    return (
      requests,
      WorkerStartFailure(
        "starting a worker has not returned within \(Self.launchTime / 1_000_000_000) s: the system may be out of "
          + "threads or processes (raise `ulimit -u` or the control group's pids.max), or the program's disk may not "
          + "respond",
        isShortage: true)
    )
  }
}
