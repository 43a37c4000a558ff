import Glibc
@_exported import ProcPoolFoundation
import ProcPoolSystem
@_exported import enum ProcPoolSystem.ProcessEnd
@_exported import ProcPoolSharedMemory
@_exported import ProcPoolWire
@_exported import ProcPoolWorker

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

  /// Starts workers. Returns before they have: what goes wrong is reported by the first call.
  ///
  /// - Parameters:
  ///   - workers: how many; by default as many as affinity and the control group allow, see
  ///     ``sizing``.
  ///   - worker: what they are; by default this program, started again.
  ///   - environment: the environment of the workers; by default this process's, byte by byte.
  ///   - standardError: where what they write to standard error goes; by default to this process's.
  ///   - maximumPayload: the longest input, output or task value, encoded, in bytes. A chunk with its frame
  ///     has to fit too. 64 GiB unless given.
  ///   - sharesLargePayloads: whether chunks and outputs of 64 KiB and more are left in memory that the workers
  ///     see, with only their place sent; outputs from the second of their kind on. Faster, and otherwise the
  ///     same: they are encoded and decoded all the same. Without it every byte goes through a pipe.
  ///   - maximumTasksPerWorker: how many items a worker's process runs before it is replaced by a fresh one,
  ///     for tasks that leave something behind; exactly, so that a chunk may be divided. No limit unless
  ///     given.
  ///   - maximumWorkerAge: for how long a process works, from when it was first needed. Then it ends what it
  ///     holds, and is replaced as soon as another one stands by. No limit unless given.
  ///   - maximumWorkerMemory: how much memory of its own, in bytes, a process may use; looked at every tenth
  ///     of a second while there is work. One that uses more ends what it holds, and is replaced as soon as
  ///     another one stands by. No limit unless given.
  ///   - standby: how many processes wait, ready, to replace others, at some megabytes each. By default none
  ///     at first and one when a worker has been lost; where processes are replaced on purpose, a quarter of
  ///     the number of workers, and two at least.
  ///   - limits: what each worker may use; no limits unless given. Threads have none.
  ///   - seed: the seed of `TaskContext.random`.
  ///   - cancellationGrace: how long an item may go on when nobody wants its result any more, before its
  ///     worker is ended.
  ///   - stallNotice: when items that run for long are told of; nothing is done about them.
  /// - Throws: ``PoolError/workersUnavailable(_:)`` if the worker's program cannot be determined, if an argument is
  ///   out of range (`workers` 1...65 536; `standby` 0...65 536; `maximumPayload` 2^16...2^47 bytes; positive ages,
  ///   memory and task counts; values in `limits` likewise), if this process is a forked copy of one that has had a
  ///   pool, or if the system denies what the pool itself needs: five descriptors and two threads.
  public init(
    workers: Int? = nil, worker: WorkerKind = .selfProgram, environment: [String: String]? = nil,
    standardError: StandardErrorMode = .inherited, maximumPayload: Int = 64 << 30,
    sharesLargePayloads: Bool = true, maximumTasksPerWorker: Int? = nil, maximumWorkerAge: Duration? = nil,
    maximumWorkerMemory: Int? = nil, standby: Int? = nil, limits: WorkerLimits = WorkerLimits(),
    seed: UInt64 = 0,
    cancellationGrace: CancellationGrace = CancellationGrace(), stallNotice: StallNotice? = nil
  ) throws {
    Self.refuseInUnservedWorker()
    do {
      try PoolArguments.check("workers", workers, in: 1...PoolArguments.mostWorkers)
      try PoolArguments.check("maximumTasksPerWorker", maximumTasksPerWorker, atLeast: 1)
      try PoolArguments.check("standby", standby, in: 0...PoolArguments.mostWorkers)
      // As many bytes as an address space has, at the most.
      try PoolArguments.check("maximumPayload", maximumPayload, in: 1 << 16...1 << 47)
      try PoolArguments.check("maximumWorkerAge", maximumWorkerAge)
      try PoolArguments.check("maximumWorkerMemory", maximumWorkerMemory, atLeast: 1)
      let resources = try limits.resources()
      sizing = PoolSizing(requested: workers)
      let program = try worker.resolve()
      // A thread would find the memory in the process that it is in, and gain nothing.
      let isThread = if case .thread = program { true } else { false }
      let settings = Launcher.Settings(
        program: program, environment: environment, maximumPayload: maximumPayload,
        sharesLargePayloads: sharesLargePayloads && !isThread,
        pollingTimes: PollingTimes(
          workers: sizing.workers, processors: PoolSizing.processors, quota: sizing.quota, limits: limits),
        workers: sizing.workers,
        grace: cancellationGrace, stallNotice: stallNotice, seed: seed,
        limits: isThread ? ResourceLimits() : resources,
        itemMark: standardError.marksItems && !isThread ? UInt64.random(in: 1 ... .max) : 0,
        maximumWorkerMemory: isThread ? nil : maximumWorkerMemory)
      // A thread starts in no time, and its memory is its process's.
      let recycling = Recycling(
        maximumTasks: maximumTasksPerWorker.map(UInt64.init), maximumAge: maximumWorkerAge?.nanoseconds,
        limitsMemory: settings.maximumWorkerMemory != nil, standby: isThread ? 0 : standby)
      try Self.refuseInCopy()
      runtime = try PoolRuntime(
        workers: sizing.workers, recycling: recycling, settings: settings, standardError: standardError)
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

  /// What the pool has done so far, and where the time went.
  ///
  /// - Complexity: O(workers), some hundred nanoseconds for each.
  public var statistics: PoolStatistics { runtime.statistics }

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

extension PoolRuntime {
  fileprivate func waitForEnd(isolation: isolated (any Actor)?) async {
    // As callers wait for their items: not by way of a thread of Swift's, of which there may be none.
    guard isolation != nil else { return await suspendUntilEnd(isolation: nil) }
    await withTaskExecutorPreference(handover, isolation: isolation) {
      await suspendUntilEnd(isolation: isolation)
    }
  }

  private func suspendUntilEnd(isolation: isolated (any Actor)?) async {
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.joiners.append(continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }
}

/// Runs `body` with a pool, and ends the pool when `body` is left: orderly after a return, at once after a
/// throw.
///
/// The workers are gone when this returns. The parameters are those of
/// ``Pool/init(workers:worker:environment:standardError:maximumPayload:sharesLargePayloads:maximumTasksPerWorker:maximumWorkerAge:maximumWorkerMemory:standby:limits:seed:cancellationGrace:stallNotice:)``.
///
/// - Parameter isolation: the caller's; `body` runs there.
public func withPool<Result>(
  workers: Int? = nil, worker: WorkerKind = .selfProgram, environment: [String: String]? = nil,
  standardError: StandardErrorMode = .inherited, maximumPayload: Int = 64 << 30,
  sharesLargePayloads: Bool = true, maximumTasksPerWorker: Int? = nil, maximumWorkerAge: Duration? = nil,
  maximumWorkerMemory: Int? = nil, standby: Int? = nil, limits: WorkerLimits = WorkerLimits(),
  seed: UInt64 = 0,
  cancellationGrace: CancellationGrace = CancellationGrace(), stallNotice: StallNotice? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: (Pool) async throws -> Result
) async throws -> Result {
  let pool = try Pool(
    workers: workers, worker: worker, environment: environment, standardError: standardError,
    maximumPayload: maximumPayload, sharesLargePayloads: sharesLargePayloads,
    maximumTasksPerWorker: maximumTasksPerWorker, maximumWorkerAge: maximumWorkerAge,
    maximumWorkerMemory: maximumWorkerMemory, standby: standby, limits: limits, seed: seed,
    cancellationGrace: cancellationGrace, stallNotice: stallNotice
  )
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
