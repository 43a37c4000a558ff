import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// A pool of worker processes that run tasks.
///
///     try await withPool(workers: 8) { pool in
///       let scaled = try await pool.map(Scale(factor: 3), over: [1, 2, 3])      // [3.0, 6.0, 9.0]
///     }
///
/// `withPool` ends the workers when its body returns or throws, and waits for them. End a pool that
/// was created with `init` by ``close()`` or ``terminate()``, followed by ``join()``. A pool that
/// is released without that is terminated.
///
/// All methods may be called concurrently and from any isolation. Concurrent calls take turns, so
/// each gets its share of the workers.
public final class Pool: Sendable {
  let runtime: PoolRuntime

  /// The number of workers, and the reason for it.
  public let sizing: PoolSizing

  /// Creates a pool, and returns before its workers have started. If workers cannot be started, the
  /// first call throws.
  ///
  /// - Parameters:
  ///   - workers: the number of workers; by default one for each processor that the scheduling
  ///     affinity and the control group allow, see ``sizing``.
  ///   - worker: the program that the workers run; by default the running program.
  ///   - configuration: the configuration of the workers.
  /// - Throws: ``PoolError/workersUnavailable(_:)`` if the worker's program cannot be found, if a
  ///   number is out of range (1...65 536 workers, and the ranges that are documented with the
  ///   configuration), if this process is a forked copy of one that has created a pool, or if the
  ///   system does not provide the five descriptors and two threads that a pool needs.
  public init(
    workers: some WorkerCount = WorkerPlacement.automatic, worker: WorkerSource = .currentExecutable,
    configuration: PoolConfiguration = PoolConfiguration()
  ) throws {
    Self.refuseInUnservedWorker()
    do {
      let sizing = try PoolSizing(workers.placement)
      let program = try worker.resolve()
      let recycling = try configuration.recycling.resolve(program.abilities)
      let settings = try PoolSettings(program, configuration, sizing)
      try Self.refuseInCopy()
      self.sizing = sizing
      runtime = try PoolRuntime(
        workers: sizing.workers, recycling: recycling, settings: settings,
        standardError: configuration.standardError)
      try runtime.start()
    } catch let failure as WorkerStartFailure {
      throw PoolError.workersUnavailable(failure)
    } catch {
      throw PoolError.workersUnavailable(WorkerStartFailure("\(error)"))
    }
  }

  deinit {
    runtime.terminate()
  }

  /// Refuses to create a pool in a forked copy of a process that has created one.
  ///
  /// Locks of Swift 6.3 cache thread IDs, which are wrong in a copy: there a contended lock traps.
  private static func refuseInCopy() throws(WorkerStartFailure) {
    guard let origin = ProcessOrigin.claim() else { return }
    throw WorkerStartFailure(
      "this process (\(ProgramIdentity.pid)) is a copy, made with `fork`, of process \(origin), which has had a pool: "
        + "threads and locks do not survive that; make the first pool after `fork` or `daemon`, or start a program anew "
        + "(`exec`)")
  }

  /// Exits if this process was started as a worker and creates a pool instead of serving.
  ///
  /// It would start workers that do the same, recursively. The coordinator recognises the exit
  /// status and reports the problem.
  private static func refuseInUnservedWorker() {
    if WorkerMark.isPresent { exit(WorkerMark.forgotToServe) }
  }
}

// MARK: - The end

extension Pool {
  /// Refuses further calls, and ends the workers when the current calls have completed.
  ///
  /// Cancelled items that are still running have the time of the pool's ``CancellationGrace`` to
  /// stop.
  ///
  /// Returns immediately; ``join()`` waits.
  public func close() {
    if runtime.isInCopy { return }
    runtime.change { state, _ in state.scheduler.close() }
  }

  /// Kills the workers. Unfinished items fail with ``PoolError/terminated``.
  ///
  /// Returns immediately; ``join()`` waits.
  public func terminate() {
    runtime.terminate()
  }

  /// Waits, after ``close()`` or ``terminate()``, until all workers have ended or been abandoned, and
  /// their text has been written. ``StandardErrorMode`` documents the time limits for the text. In
  /// a forked copy of the process it returns immediately.
  ///
  /// - Precondition: `close()` or `terminate()` has been called; otherwise this would wait forever.
  public nonisolated(nonsending) func join() async {
    if runtime.isInCopy { return }
    let isOpen = runtime.state.withLock { $0.scheduler.isOpen }
    require(!isOpen, "join() needs close() or terminate() before it, or it would wait for ever")
    await runtime.waitForEnd(isolation: #isolation)
  }
}

/// Runs `body` with a pool, then closes the pool if `body` returned, or terminates it if `body`
/// threw.
///
/// The workers have ended when this function returns.
///
/// - Parameters:
///   - workers: the number of workers; by default one for each processor that the scheduling
///     affinity and the control group allow.
///   - worker: the program that the workers run; by default the running program.
///   - configuration: the configuration of the workers.
///   - isolation: the isolation of the caller, in which `body` runs.
///   - body: a closure that receives the pool.
/// - Throws: the error that ``Pool/init(workers:worker:configuration:)`` or `body` throws.
public func withPool<Result>(
  workers: some WorkerCount = WorkerPlacement.automatic, worker: WorkerSource = .currentExecutable,
  configuration: PoolConfiguration = PoolConfiguration(), isolation: isolated (any Actor)? = #isolation,
  _ body: (Pool) async throws -> Result
) async throws -> Result {
  let pool = try Pool(workers: workers, worker: worker, configuration: configuration)
  do {
    let result = try await body(pool)
    pool.close()
    await pool.join()
    return result
  } catch {
    pool.terminate()
    await pool.join()
    throw error
  }
}
