import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker
import Synchronization

/// The coordinator's side of one worker process or thread: pipes, process, page, and what is on its way.
///
/// - Because `@unchecked Sendable`: the constants are shared freely; `outbox`, `written` and `awaitsRoom` belong
///   to the pool's lock, and the rest to the runtime thread.
final class WorkerLink: @unchecked Sendable {
  let place: Int
  /// Counts the workers of a pool, so that an event of an earlier worker is not taken for a later one's.
  let generation: UInt32
  let pid: Int32
  /// The process; `nil` for a worker on a thread.
  let process: ProcessDescriptor?
  let page: StatusPage
  /// The mark that identifies the processes that its tasks start, and the session that the worker was started in.
  let offspring: (mark: UInt64, session: Int32)?
  /// Whether the worker was told where the page is.
  let offersPage: Bool
  /// Asks Foundation how the process ended, where it was faster to know and the kernel does not say.
  let foundationStatus: (@Sendable () -> ProcessEnd)?

  /// The task pipe, of which the coordinator holds the reading end, too: so a write to a worker that has died fills the
  /// pipe instead of raising `SIGPIPE` in the thread of some caller. One descriptor is both ends where that is possible.
  let tasks: Descriptor
  private let tasksReading: Descriptor?
  /// The socket in which descriptors lie that the worker has passed; `nil` if there is none.
  let passing: Descriptor?
  let results: Descriptor
  let errors: Descriptor?

  // Under the pool's lock
  /// Which worker of the pool it is, once it has taken up work.
  var worker: WorkerID
  var outbox = Outbox()
  /// The worker could reach memory that this process has, when it was last tried.
  var reachesMemory = true
  /// Bytes that the task pipe has taken.
  var written: UInt64 = 0
  /// Bytes that have come through the results pipe.
  var bytesReceived: UInt64 = 0
  /// Items whose end somebody was told.
  var itemsFinished: UInt64 = 0
  /// `worker` is what it is, and not only what its place is called: it has taken up work.
  var hasSeat = false
  /// The pipe was full; the poller watches for room.
  var awaitsRoom = false

  // The runtime thread's
  var received = ReceiveBuffer()
  /// Bytes of the frame that is being read.
  var frameLength = Preamble.size
  var greeting: Greeting?
  var hasPreamble = false
  /// Whether the worker reads and writes the page that `page` is.
  var isPageShared = false
  var violation: String?
  /// How many frames have come that lend shared memory.
  var loansTaken: UInt64 = 0
  /// From this position on results are lost with the worker that were finished: they refer to memory that it had, and
  /// could not pass on.
  var cut: UInt64?
  /// Whether it was half dead when it was looked at last.
  var wasHalfDead = false
  var startFailure: WorkerStartFailure?
  /// Why the pool kills it, if it does and the worker has not gone against the protocol.
  var condemnation: LikelyCause?
  var isResultsOpen = true
  /// When it closed its results.
  var closedAt: Int64 = 0
  /// The most memory that its process had in use at once, in bytes, once it has ended.
  var peakMemory: Int?
  var words = WorkerWords()
  let started: Int64

  /// Its threads have been let go since it was killed. The runtime thread's.
  var isReleased = false

  /// When it was first sent SIGKILL; 0 before. Relaxed: the runtime thread looks at it now and then.
  let killed = Atomic<Int64>(0)

  init(
    place: Int, generation: UInt32, pid: Int32, process: consuming ProcessDescriptor?, page: StatusPage,
    offersPage: Bool, foundationStatus: (@Sendable () -> ProcessEnd)?, pipes: consuming LinkPipes, now: Int64,
    offspring: (mark: UInt64, session: Int32)? = nil
  ) {
    self.place = place
    worker = WorkerID(index: place)
    self.generation = generation
    self.pid = pid
    self.process = process
    self.page = page
    self.offersPage = offersPage
    self.foundationStatus = foundationStatus
    tasks = Descriptor(owning: pipes.tasks)
    tasksReading = pipes.tasksReading.map { Descriptor(owning: $0) }
    passing = pipes.passing.map { Descriptor(owning: $0) }
    results = Descriptor(owning: pipes.results)
    errors = pipes.errors.map { Descriptor(owning: $0) }
    started = now
    self.offspring = offspring
  }

  // Pattern matches, because optional chaining would consume what cannot be copied.

  /// Sends it SIGKILL. ``PoolRuntime/kill(_:)`` also sees to it that it is not waited for without a limit.
  fileprivate func kill() {
    _ = killed.compareExchange(expected: 0, desired: MonotonicClock.now(), ordering: .relaxed)
    send(signal: SIGKILL)
  }

  /// Whether a signal has stopped its process.
  var isStopped: Bool {
    switch process {
    case .some: ProcessState.of(pid) == .stopped
    case .none: false
    }
  }

  /// Whether its process has lost its main thread and lives on all the same: it was dying, and something
  /// keeps it from that, as a second signal can while Swift's runtime holds up its threads for a report.
  var isHalfDead: Bool {
    switch process {
    case .none: false
    case .some(let process):
      // In this order: it may end meanwhile.
      ProcessState.of(pid) == .ended && process.isRunning
    }
  }

  func send(signal: Int32) {
    switch process {
    // What is refused is found out when the process has not ended for long.
    case .some(let process): try? process.send(signal: signal, pid: pid)
    case .none: break
    }
  }

  /// Kills a worker that nobody knows of yet, and takes its status, so that nothing of it stays; unless it does not
  /// end.
  func killAndReap() {
    kill()
    switch process {
    case .some(let process):
      // POLLIN. If waiting fails, so does reaping, and Foundation does it.
      _ = try? process.descriptor.waitUntilReady(
        for: 1, milliseconds: Int32(RuntimeLoop.endingTime / 1_000_000))
      process.killGroup(pid: pid)
      _ = process.reap()
    case .none: break
    }
  }
}

extension PoolRuntime {
  /// Kills a worker. If it has not ended after a while, it is given up.
  func kill(_ link: WorkerLink) {
    link.kill()
    // A thread is given up at once, wherever that is decided.
    if link.process == nil { return }
    dying.withLock { dying in
      if !dying.contains(where: { $0 === link }) { dying.append(link) }
    }
    // It may sleep for longer than that.
    poller.wake()
  }
}

/// The coordinator's ends of a worker's pipes, by number: the link becomes their owner.
struct LinkPipes {
  var tasks: Int32
  var tasksReading: Int32?
  var passing: Int32?
  var results: Int32
  var errors: Int32?
}

/// What the poller reports a link's descriptors as.
struct LinkToken {
  enum Source: UInt64 { case results = 0, tasks = 1, process = 2, errors = 3 }

  let place: Int
  let generation: UInt32
  let source: Source

  init(_ link: WorkerLink, _ source: Source) {
    place = link.place
    generation = link.generation
    self.source = source
  }

  init(rawValue: UInt64) {
    source = Source(rawValue: rawValue & 3)!
    place = Int(rawValue >> 2 & 0x3FFF_FFFF)
    generation = UInt32(truncatingIfNeeded: rawValue >> 32)
  }

  var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(place) << 2 | source.rawValue }
}
