import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// A program whose only purpose is to be a worker.
///
///     @main struct MyWorker: WorkerProgram {}
///
/// The executable links the modules that declare its tasks. A pool looks it up by name, in the
/// directory of the running program: `withPool(worker: .executable(named: "my-worker"))`. Without
/// Foundation, and with the Swift runtime linked statically, it starts in about two milliseconds.
public protocol WorkerProgram {}

extension WorkerProgram {
  /// Serves the pool that started this process until the pool ends. If no pool started the process,
  /// it prints a message and exits with status 64.
  public static func main() {
    serveIfWorker()
    StandardError.writeLine(
      "This program is a procpool worker: a pool starts it, it does nothing on its own.")
    exit(64)  // EX_USAGE
  }
}

/// Serves as a worker if a pool started this process as one, and never returns in that case.
///
/// Call it in the first line of `main.swift`, or of any `main`, of a program that starts pools with
/// itself as the worker. In a process that no pool has started it returns immediately.
///
/// Call it on the main thread, and before any code that workers must not run: the process serves
/// until the pool ends, and then exits.
public func serveIfWorker() {
  guard WorkerMark.isPresent else { return }
  let mark = WorkerMark.current
  // Removed immediately: otherwise pools and programs that a task starts would be taken for
  // workers.
  WorkerMark.remove()
  // Created before any thread exists that could use the main actor.
  let mainQueue = MainQueue()
  ProcessName.set(WorkerMark.processName)
  _ = ProcessOrigin.claim()
  if let mark { Offspring.mark(mark.offspring) }
  do {
    try WorkerThread.start(
      streams: WorkerStreams.takeOver(), page: nil, name: WorkerThread.processThreadName,
      WorkerThread.Callbacks(
        connected: { (connection) throws(SystemError) in
          let page = connection.page
          try Watchdog.start(connection) { leaveWithoutThread(page) }
        },
        lost: { page, _ in leaveWithoutThread(page) },
        // Without delay, so that the status page stays exact about the items that have ended and
        // those whose results are still in the buffer.
        broken: { $0.code == EPIPE ? Watchdog.endAtOnce() : leave("cannot write its results: \($0)") },
        ended: { page, result in
          switch result {
          case .success(.ordered): exit(0)
          case .success(.lost), .failure(.coordinatorGone): Watchdog.endAtOnce()
          case .success(.broken(let reason)): leave("cannot process what its coordinator sent: \(reason)")
          case .failure(.invalid(let reason)): leave("could not start: \(reason)")
          case .failure(.refused(let what, let error)):
            leave("could not start: \(what): \(error)", status: status(of: error))
          }
        }))
  } catch {
    leave("could not start: \(error)", status: status(of: error))
  }
  // The main thread runs the main actor's queue, so that tasks can use the main actor.
  mainQueue.run()
}

private func leave(_ reason: String, status: Int32 = WorkerMark.cannotServe) -> Never {
  StandardError.writeLine("procpool worker \(ProgramIdentity.pid) \(reason)")
  _exit(status)
}

private func status(of error: SystemError) -> Int32 {
  error.isShortage ? WorkerMark.metShortage : WorkerMark.cannotServe
}

/// Ends the process after its serving thread has ended, because nothing could complete the running
/// item.
private func leaveWithoutThread(_ page: StatusPage?) -> Never {
  page?.noteLostThread()
  _exit(WorkerMark.cannotServe)
}
