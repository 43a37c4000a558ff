import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// The coordinator's end of the connection to a worker of any kind: its pipes, its page, and its
/// process if it has one.
///
/// Everything but ``incoming`` is constant. The state that the pool's lock guards is in
/// ``WorkerEntry``, and the state of the runtime thread in ``RuntimeLoop/Standing``.
final class WorkerConnection: Sendable {
  /// The place among the pool's processes.
  let place: PlaceID
  /// The number of the worker within its pool, which distinguishes events of earlier workers of a
  /// place.
  let generation: UInt32
  let pid: Int32
  /// The abilities that `hello` offered.
  let offered: Abilities
  /// The process that signals reach; `nil` if the worker has no process of its own.
  let process: ChildProcess?
  let page: StatusPage
  /// When it was started, on the monotonic clock.
  let started: Int64

  /// The task pipe. The coordinator also holds its reading end, so that a write to a worker that
  /// has died fills the pipe instead of raising `SIGPIPE` in the thread of a caller. One descriptor
  /// has both ends if possible.
  let tasks: Descriptor
  private let tasksReading: Descriptor?
  /// The socket through which the worker passes descriptors.
  let passing: Descriptor?
  let results: Descriptor
  /// The read end of its standard error.
  let errors: Descriptor?

  /// The data read from the worker. The reading thread holds this lock: the runtime thread, or a
  /// caller that polls for a short answer. It is taken before the pool's lock, never inside it.
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

/// The coordinator's ends of a worker's pipes, as numbers: the connection becomes their owner.
struct ConnectionPipes {
  var tasks: Int32
  var tasksReading: Int32?
  var passing: Int32?
  var results: Int32
  var errors: Int32?
}

// MARK: - Polling

extension WorkerConnection {
  /// The token with which the poller reports a descriptor of a connection.
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

  /// Makes the poller report the worker's descriptors.
  func watch(with poller: borrowing Poller) throws(SystemError) {
    try poller.add(tasks, for: [], token: token(.tasks))
    try poller.add(results, for: .readable, token: token(.results))
    if let process {
      try poller.add(process.descriptor.descriptor, for: .readable, token: token(.process))
    }
    try watchErrors(with: poller)
  }

  // Pattern matching, because optional chaining would consume noncopyable values.

  func watchErrors(with poller: borrowing Poller) throws(SystemError) {
    switch errors {
    case .some(let errors): try poller.add(errors, for: .readable, token: token(.errors))
    case .none: break
    }
  }

  /// Sets the readiness of standard error that the poller reports.
  func watchErrors(for readiness: Readiness, with poller: borrowing Poller) {
    switch errors {
    case .some(let errors): try? poller.modify(errors, for: readiness, token: token(.errors))
    case .none: break
    }
  }

  /// Sets the readiness of the results pipe that the poller reports. Fails only for a worker that
  /// has just ended.
  func watchResults(for readiness: Readiness, with poller: borrowing Poller) {
    try? poller.modify(results, for: readiness, token: token(.results))
  }

  /// Sets the readiness of the task pipe that the poller reports. Fails only after the worker's end
  /// has been noticed, when there is nothing to wait for.
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
