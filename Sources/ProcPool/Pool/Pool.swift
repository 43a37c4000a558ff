import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// A number of worker processes that run tasks.
///
///     try await withPool(workers: 8) { pool in
///       let scaled = try await pool.map(Scale(factor: 3), over: [1, 2, 3])      // [3.0, 6.0, 9.0]
///     }
///
/// `withPool` ends the workers when its body is left, and waits for them. A pool that is made with `init` is
/// ended with ``close()`` or ``terminate()``, and then ``join()``; one that is dropped is terminated.
///
/// All methods may be called from anywhere, at any time, at once. Calls share the workers fairly: they take
/// turns.
public final class Pool: Sendable {
  let runtime: PoolRuntime

  /// How many workers there are, and what that number comes from.
  public let sizing: PoolSizing

  /// Starts workers, and returns before they have started: the first call reports what goes wrong.
  ///
  /// - Parameters:
  ///   - workers: how many; by default as many as affinity and the control group allow processors, see ``sizing``.
  ///   - worker: the program that serves as worker; by default this program, started again.
  ///   - configuration: how the workers run.
  /// - Throws: ``PoolError/workersUnavailable(_:)`` if the worker's program cannot be determined, if a number is out of
  ///   range (1...65 536 workers, and what is documented with the configuration), if this process is a forked copy of
  ///   one that has had a pool, or if the system denies what the pool itself needs: five descriptors and two threads.
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

  /// A lock of Swift 6.3 knows a thread by a number that it keeps, which is another's in a copy of the process: there it
  /// ends the program as soon as two threads want it.
  private static func refuseInCopy() throws(WorkerStartFailure) {
    guard let origin = ProcessOrigin.claim() else { return }
    throw WorkerStartFailure(
      "this process (\(ProgramIdentity.pid)) is a copy, made with `fork`, of process \(origin), which has had a pool: "
        + "threads and locks do not survive that; make the first pool after `fork` or `daemon`, or start a program anew "
        + "(`exec`)")
  }

  /// A process that was started as a worker and comes here has forgotten to serve. It would start workers
  /// that do the same, and so on for ever: it says so by its exit status, and its coordinator in words.
  private static func refuseInUnservedWorker() {
    if WorkerMark.isPresent { exit(WorkerMark.forgotToServe) }
  }
}

// MARK: - The end

extension Pool {
  /// Takes no more calls. What has been called goes on; then the workers leave.
  ///
  /// Items that were cancelled while they ran are waited for as long as the pool's ``CancellationGrace``
  /// says.
  ///
  /// Returns at once; ``join()`` waits.
  public func close() {
    if runtime.isInCopy { return }
    runtime.change { state, _ in state.scheduler.close() }
  }

  /// Kills the workers. What has not ended ends with ``PoolError/terminated``.
  ///
  /// Returns at once; ``join()`` waits.
  public func terminate() {
    runtime.terminate()
  }

  /// Waits, after ``close()`` or ``terminate()``, until all workers have ended or been given up, and their text has
  /// been written (``StandardErrorMode`` has the time limits). In a forked copy of the process it returns at once.
  ///
  /// - Precondition: one of the two has been called; otherwise this would wait for ever.
  public nonisolated(nonsending) func join() async {
    if runtime.isInCopy { return }
    let isOpen = runtime.state.withLock { $0.scheduler.isOpen }
    require(!isOpen, "join() needs close() or terminate() before it, or it would wait for ever")
    await runtime.waitForEnd(isolation: #isolation)
  }
}

/// Runs `body` with a pool, and ends the pool afterwards: in order after a return, at once after a throw.
///
/// The workers have ended when this returns.
///
/// - Parameters:
///   - workers: how many workers; by default as many as affinity and the control group allow processors.
///   - worker: the program that serves as worker; by default this program, started again.
///   - configuration: how the workers run.
///   - isolation: the caller's; `body` runs there.
///   - body: gets the pool.
/// - Throws: what ``Pool/init(workers:worker:configuration:)`` or `body` throws.
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
