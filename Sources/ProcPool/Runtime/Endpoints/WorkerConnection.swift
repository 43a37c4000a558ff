import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// The coordinator's end of one worker, of whatever kind: its pipes, its page, and the process if it has one.
///
/// Everything here is constant, except ``incoming``. What the pool's lock guards of a worker is a ``WorkerEntry``; what
/// only the runtime thread uses is a ``RuntimeLoop/Standing``.
final class WorkerConnection: Sendable {
  /// Its place among the pool's processes.
  let place: PlaceID
  /// Counts the workers of a pool, so that an event of an earlier worker is not taken for a later one's.
  let generation: UInt32
  let pid: Int32
  /// The abilities that `hello` offered.
  let offered: Abilities
  /// The process that signals reach; `nil` if there is none of the worker's own.
  let process: ChildProcess?
  let page: StatusPage
  /// When it was started, on the monotonic clock.
  let started: Int64

  /// The task pipe. The coordinator also holds its reading end, so that a write to a worker that has died fills the pipe
  /// instead of raising `SIGPIPE` in the thread of some caller. One descriptor is both ends if possible.
  let tasks: Descriptor
  private let tasksReading: Descriptor?
  /// The socket in which descriptors lie that the worker has passed.
  let passing: Descriptor?
  let results: Descriptor
  /// The read end of its standard error.
  let errors: Descriptor?

  /// What has been read from it. Whichever thread reads holds this: the runtime thread, or a caller that polls for a
  /// short answer. Taken before the pool's lock, never inside it.
  let incoming = Mutex(Incoming())

  /// Creates the connection of a worker that has just been started.
  init(
    _ request: Launcher.Request, pid: Int32, offers offered: Abilities, process: ChildProcess?,
    page: StatusPage, pipes: consuming ConnectionPipes
  ) {
    place = request.place
    generation = request.generation
    self.pid = pid
    self.offered = offered
    self.process = process
    self.page = page
    started = MonotonicClock.now()
    tasks = Descriptor(owning: pipes.tasks)
    tasksReading = pipes.tasksReading.map { Descriptor(owning: $0) }
    passing = pipes.passing.map { Descriptor(owning: $0) }
    results = Descriptor(owning: pipes.results)
    errors = pipes.errors.map { Descriptor(owning: $0) }
  }
}

/// The coordinator's ends of a worker's pipes, by number: the connection becomes their owner.
struct ConnectionPipes {
  var tasks: Int32
  var tasksReading: Int32?
  var passing: Int32?
  var results: Int32
  var errors: Int32?
}

// MARK: - Polling

extension WorkerConnection {
  /// What the poller reports one of its descriptors as.
  struct Token {
    enum Source: UInt64 { case results = 0, tasks = 1, process = 2, errors = 3 }

    let place: PlaceID
    let generation: UInt32
    let source: Source

    fileprivate init(_ connection: WorkerConnection, _ source: Source) {
      place = connection.place
      generation = connection.generation
      self.source = source
    }

    init(rawValue: UInt64) {
      source = Source(rawValue: rawValue & 3)!
      place = PlaceID(index: Int(rawValue >> 2 & 0x3FFF_FFFF))
      generation = UInt32(truncatingIfNeeded: rawValue >> 32)
    }

    var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(place.index) << 2 | source.rawValue }
  }

  func token(_ source: Token.Source) -> UInt64 { Token(self, source).rawValue }

  /// Has the poller report what happens to the worker.
  func watch(with poller: borrowing Poller) throws(SystemError) {
    try poller.add(tasks, for: [], token: token(.tasks))
    try poller.add(results, for: .readable, token: token(.results))
    if let process {
      try poller.add(process.descriptor.descriptor, for: .readable, token: token(.process))
    }
    try watchErrors(with: poller)
  }

  // Pattern matches, because optional chaining would consume what cannot be copied.

  func watchErrors(with poller: borrowing Poller) throws(SystemError) {
    switch errors {
    case .some(let errors): try poller.add(errors, for: .readable, token: token(.errors))
    case .none: break
    }
  }

  /// Sets what the poller reports of its standard error.
  func watchErrors(for readiness: Readiness, with poller: borrowing Poller) {
    switch errors {
    case .some(let errors): try? poller.modify(errors, for: readiness, token: token(.errors))
    case .none: break
    }
  }

  /// Sets what the poller reports of its results. Fails only for a worker that has just ended.
  func watchResults(for readiness: Readiness, with poller: borrowing Poller) {
    try? poller.modify(results, for: readiness, token: token(.results))
  }

  /// Sets what the poller reports of its task pipe. Fails only after the worker's end has been noticed, when there is
  /// nothing to wait for.
  func watchTasks(for readiness: Readiness, with poller: borrowing Poller) {
    try? poller.modify(tasks, for: readiness, token: token(.tasks))
  }

  func forgetErrors(of poller: borrowing Poller) {
    switch errors {
    case .some(let errors): poller.remove(errors)
    case .none: break
    }
  }

  func forgetProcess(of poller: borrowing Poller) {
    if let process { poller.remove(process.descriptor.descriptor) }
  }
}
