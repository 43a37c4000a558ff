import Glibc
import ProcPoolProtocol
import ProcPoolSystem

/// A program that is nothing but a worker.
///
///     @main struct MyWorker: WorkerProgram {}
///
/// The executable links the modules that declare its tasks; a pool finds it by name, beside the running
/// program: `withPool(worker: .executable(named: "my-worker"))`. Without Foundation and with the runtime
/// linked statically it starts in about two milliseconds.
public protocol WorkerProgram {}

extension WorkerProgram {
  /// Serves the pool that started this process, until that ends. Started by hand, it says so and exits with
  /// 64.
  public static func main() {
    serveIfWorker()
    StandardError.writeLine(
      "This program is a procpool worker: a pool starts it, it does nothing on its own.")
    exit(64)  // EX_USAGE
  }
}

/// Turns the process into a worker if a pool started it to be one, and then never returns.
///
/// The first line of a `main.swift`, or of any `main`, whose program starts pools with itself as the worker.
/// In a program that was started otherwise it does nothing.
///
/// Must be called on the main thread, before anything that is not for workers: the process serves until the
/// pool ends, and exits.
public func serveIfWorker() {
  guard WorkerMark.isPresent else { return }
  let mark = WorkerMark.current
  // Removed at once, so that a task's own pools and programs are not taken for workers.
  WorkerMark.remove()
  // Before there is a thread that could ask for the main actor.
  let mainQueue = MainQueue()
  ProcessName.set(WorkerMark.processName)
  _ = ProcessOrigin.claim()
  if let mark { Offspring.mark(mark.offspring) }
  do {
    try WorkerThread.start(
      streams: WorkerStreams.takeOver(), page: nil, name: WorkerThread.processThreadName,
      connected: { (connection) throws(SystemError) in
        let page = connection.page
        try Watchdog.start(connection) { leaveWithoutThread(page) }
      },
      lost: { page, _ in leaveWithoutThread(page) },
      // At once, so that the status page says to the last which items have ended, and which are in the
      // buffer.
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
      })
  } catch {
    leave("could not start: \(error)", status: status(of: error))
  }
  // The main thread serves the main actor, so that a task may await it.
  mainQueue.run()
}

private func leave(_ reason: String, status: Int32 = WorkerMark.gaveUp) -> Never {
  StandardError.writeLine("procpool worker \(ProgramIdentity.pid) \(reason)")
  _exit(status)
}

private func status(of error: SystemError) -> Int32 {
  error.isShortage ? WorkerMark.metShortage : WorkerMark.gaveUp
}

/// The thread that serves has ended, and nobody will end its item.
private func leaveWithoutThread(_ page: StatusPage?) -> Never {
  page?.noteLostThread()
  _exit(WorkerMark.gaveUp)
}
