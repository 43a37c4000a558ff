import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// The thread on which a worker serves.
package enum WorkerThread {
  /// The name of the serving thread in a process of its own.
  package static let processThreadName = "procpool-serve"

  /// Starts a worker on a thread of this process.
  ///
  /// - Parameters:
  ///   - streams: the worker's ends of its pipes.
  ///   - page: the status page that it shares with the coordinator.
  package static func startInProcess(
    streams: consuming WorkerStreams, page: StatusPage, index: Int
  ) throws(SystemError) {
    // Closes the streams that the thread owned, so that the coordinator sees the end of the
    // results, as when a process has ended.
    let lost: @Sendable (StatusPage?, WorkerStreams.Numbers) -> Void = { page, numbers in
      page?.noteLostThread()
      _ = WorkerStreams(owning: numbers)
    }
    try start(streams: streams, page: page, name: "worker-\(index)", Callbacks(lost: lost))
  }

  /// What the owner of a serving thread does when something happens on it.
  struct Callbacks: Sendable {
    /// Called before the worker sends its greeting. If this throws, the worker does not serve.
    var connected: @Sendable (borrowing CoordinatorConnection) throws(SystemError) -> Void = { _ in }
    /// The thread ends during the session, because a task has ended it: with the status page, if there
    /// is one by then, and the numbers of the streams.
    var lost: @Sendable (StatusPage?, WorkerStreams.Numbers) -> Void = { _, _ in }
    /// Results cannot be written.
    var broken: @Sendable (SystemError) -> Void = { _ in }
    /// The session has ended: with the status page, if there is one.
    var ended: @Sendable (StatusPage?, Result<WorkerSession.Ending, CoordinatorConnection.Failure>) -> Void =
      { _, _ in }
  }

  /// Starts the serving thread.
  ///
  /// - Parameters:
  ///   - page: the status page of a worker on a thread of the coordinator; otherwise the worker maps the
  ///     page that the coordinator names.
  static func start(
    streams: consuming WorkerStreams, page: StatusPage?, name: String, _ callbacks: Callbacks
  ) throws(SystemError) {
    // Numbers, because a closure cannot own noncopyable values. The thread takes them over
    // immediately.
    let numbers = streams.relinquish()
    do {
      // On a thread of the coordinator, signals belong to the program, and a write to a closed pipe
      // must not end it. In a worker process nothing is blocked, because programs that tasks start
      // would inherit the mask and never end by SIGPIPE.
      let known = Mutex(page)
      let lost: @Sendable () -> Void = { callbacks.lost(known.withLock { $0 }, numbers) }
      try SystemThread.start(name: name, blocksSignals: page != nil, lost: lost) {
        let streams = WorkerStreams(owning: numbers)
        do throws(CoordinatorConnection.Failure) {
          let connection = try CoordinatorConnection(streams: streams, page: page)
          let attached = connection.page
          known.withLock { $0 = attached }
          do throws(SystemError) {
            try callbacks.connected(connection)
          } catch {
            throw .refused("it cannot watch its coordinator", error)
          }
          try connection.sendGreeting()
          callbacks.ended(attached, .success(serve(connection, broken: callbacks.broken)))
        } catch {
          callbacks.ended(nil, .failure(error))
        }
      }
    } catch {
      _ = WorkerStreams(owning: numbers)
      throw error
    }
  }

  private static func serve(
    _ connection: consuming CoordinatorConnection, broken: @escaping (SystemError) -> Void
  ) -> WorkerSession.Ending {
    let session = WorkerSession(connection, broken: broken)
    let executor = ServeExecutor(wakeUp: session.page.wakeUp)
    let ending = EndingBox()
    @Sendable func serve() {
      session.task = Task(executorPreference: executor) {
        guard let end = await TaskContext.$session.withValue(session, operation: { await session.serve() })
        else { return serve() }
        ending.value = end
        executor.stop()
      }
    }
    serve()
    executor.run { session.passOnCancellation() }
    return ending.value
  }

  // Safety: a job of the executor writes it, and it is read after the executor has stopped, on the
  // same thread.
  private final class EndingBox: @unchecked Sendable {
    var value = WorkerSession.Ending.lost
  }
}
