import Dispatch
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
  // Removed at once, so that a task's own pools and programs are not taken for workers.
  WorkerMark.remove()
  // Before there is a thread that could ask for the main actor.
  let mainActor = MainActorCalls()
  do {
    try WorkerThread.start(
      streams: WorkerStreams.takeOver(), page: nil, name: WorkerThread.processThreadName,
      connected: { (connection) throws(SystemError) in try Watchdog.start(connection) },
      // At once, so that the status page says to the last which items have ended, and which are in the
      // buffer.
      broken: { $0.code == EPIPE ? _exit(0) : leave("cannot write its results: \($0)") }
    ) { result in
      switch result {
      case .success(.ordered): exit(0)
      case .success(.lost), .failure(.coordinatorGone): _exit(0)
      case .success(.broken(let reason)): leave("lost the thread of what its coordinator sent: \(reason)")
      case .failure(let reason): leave("could not begin: \(reason)")
      }
    }
  } catch {
    leave("could not begin: \(error)")
  }
  // The main thread serves the main actor, so that a task may await it.
  mainActor.wait()
  dispatchMain()
}

/// Whether the main actor has anything to do.
///
/// `dispatchMain()` ends the main thread. Unwinding that takes a program ten milliseconds that has all its
/// libraries linked statically, twice as much as all else of a worker's start; and few tasks await the main
/// actor.
private struct MainActorCalls {
  /// Readable when the main queue has something to do; negative if there is no such thing.
  private let descriptor = mainQueueDescriptor()

  /// Returns when somebody has asked for the main actor.
  func wait() {
    guard descriptor >= 0 else { return }
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&wanted, 1, -1) < 0, errno == EINTR {}
  }
}

/// What run loops wait for beside their own sources: the dispatch library exports it for them, and no header
/// declares it.
@_silgen_name("_dispatch_get_main_queue_handle_4CF") private func mainQueueDescriptor() -> Int32

/// The mark by which a process knows that it was started as a worker.
package enum WorkerMark {
  /// An environment variable; its value says nothing.
  package static let variable = "PROCPOOL_WORKER"

  package static var isPresent: Bool { getenv(variable) != nil }

  static func remove() { unsetenv(variable) }

  /// The exit status of a program that was started as a worker and made a pool of its own instead of serving:
  /// 78 is `EX_CONFIG`, and no status that a program ends with by chance.
  package static let forgotToServe: Int32 = 78

  /// The exit status of a worker that has written to standard error why it cannot go on: `EX_SOFTWARE`.
  package static let gaveUp: Int32 = 70
}

private func leave(_ reason: String) -> Never {
  StandardError.writeLine("procpool worker \(ProgramIdentity.pid) \(reason)")
  _exit(WorkerMark.gaveUp)
}
