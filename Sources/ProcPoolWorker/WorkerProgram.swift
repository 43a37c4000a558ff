import Glibc
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

/// The mark by which a process knows that it was started as a worker.
package struct WorkerMark {
  /// An environment variable.
  package static let variable = "PROCPOOL_WORKER"

  /// What its offspring is known by.
  package let offspring: UInt64

  package init(_ offspring: UInt64) { self.offspring = offspring }

  /// The mark of this process; `nil` if it has a value that no pool gives.
  static var current: WorkerMark? {
    getenv(variable).flatMap { UInt64(String(cString: $0)) }.map { WorkerMark($0) }
  }

  /// The variable's value.
  package var value: String { String(offspring) }

  package static var isPresent: Bool { getenv(variable) != nil }

  static func remove() { unsetenv(variable) }

  /// The exit status of a program that was started as a worker and made a pool of its own instead of serving:
  /// 78 is `EX_CONFIG`, and no status that a program ends with by chance.
  package static let forgotToServe: Int32 = 78

  /// The exit status of a worker that has written to standard error why it cannot go on: `EX_SOFTWARE`.
  package static let gaveUp: Int32 = 70

  /// The same, where the system lacked something that it may have again in a moment: `EX_TEMPFAIL`.
  package static let metShortage: Int32 = 75

  /// What `ps` and `pgrep` call a worker's process. The kernel keeps 15 bytes.
  package static let processName = "procpool-worker"
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
