import Dispatch
import Glibc
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker
import Synchronization

/// Starts workers one after the other, on one long-lived thread of the pool's own.
///
/// One after the other because concurrent launches save nothing (eight take ten milliseconds) and leak pipe
/// ends into each other's children. A thread of its own because the threads that Foundation starts with
/// the first launch inherit its signal mask, and because a worker must not depend on a thread that may end.
final class Launcher: Sendable {
  struct Request {
    let place: Int
    let generation: UInt32
  }

  struct Settings: Sendable {
    var program: WorkerKind.Program
    var environment: [String: String]?
    var maximumPayload: Int
    /// Whether long inputs are left in memory that workers see.
    var sharesLargePayloads: Bool
    var pollingTimes: PollingTimes
    var workers: Int
    /// How many processes there may be at once.
    var places = 0
    var grace: CancellationGrace
    var stallNotice: StallNotice?
    /// What items' random numbers follow from, beside the items.
    var seed: UInt64
    /// What each worker may use.
    var limits = ResourceLimits()
    /// If not 0, workers mark on standard error which item writes what, with this secret.
    var itemMark: UInt64 = 0
    /// So much memory of its own may a worker use, in bytes, before it is replaced.
    var maximumWorkerMemory: Int?
  }

  private struct State {
    var requests: [Request] = []
    var isStopped = false
  }

  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)
  private let settings: Settings
  /// The status pages of all places; `nil` if the machine has no memory to share.
  private let pages: SharedPages?
  private let report: @Sendable (Request, Result<WorkerLink, WorkerStartFailure>) -> Void

  /// - Parameter report: called on the launcher's thread with each worker that was started, or why it was
  ///   not.
  init(
    _ settings: Settings,
    report: @escaping @Sendable (Request, Result<WorkerLink, WorkerStartFailure>) -> Void
  ) throws(SystemError) {
    self.settings = settings
    self.report = report
    if case .thread = settings.program {
      pages = nil
    } else {
      // Without shared memory workers send each result as it comes: slower, not wrong.
      pages = try? SharedPages(places: settings.places)
    }
    try SystemThread.start(name: "procpool-launch", blocksSignals: true) { self.run() }
  }

  func launch(_ request: Request) {
    state.withLock { $0.requests.append(request) }
    wakeUp.signal()
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    wakeUp.signal()
  }

  private func run() {
    while true {
      wakeUp.wait()
      let (request, isStopped) = state.withLock { state in
        (state.requests.isEmpty ? nil : state.requests.removeFirst(), state.isStopped)
      }
      if isStopped { return }
      guard let request else { continue }
      do {
        report(request, .success(try start(request)))
      } catch let failure as WorkerStartFailure {
        report(request, .failure(failure))
      } catch {
        report(request, .failure(WorkerStartFailure("\(error)")))
      }
    }
  }

  private func start(_ request: Request) throws -> WorkerLink {
    // In a process of its own a worker passes descriptors back that way.
    let isProcess = if case .executable = settings.program { true } else { false }
    let tasks = isProcess ? try Pipe.passingDescriptors() : try Pipe()
    let results = try Pipe()
    // What an unprivileged user may have in all his pipes is 64 MiB; a quarter of it is this pool's.
    let capacity = Int32(min(1 << 20, max(1 << 16, (16 << 20) / (2 * settings.workers))))
    tasks.requestCapacity(capacity)
    results.requestCapacity(capacity)
    try tasks.writing.setNonBlocking()
    try results.reading.setNonBlocking()
    switch settings.program {
    case .thread: return try startThread(request, tasks, results)
    case .executable(let path, _): return try startProcess(path, request, tasks, results)
    }
  }

  private func startThread(
    _ request: Request, _ tasks: consuming Pipe, _ results: consuming Pipe
  ) throws -> WorkerLink {
    let page = StatusPage.makePrivate()
    page.reset()
    // The worker gets an end of its own to close; the coordinator's copy guards it against SIGPIPE.
    let workerTasks = try tasks.reading.duplicate()
    let tasks = tasks.relinquish()
    let results = results.relinquish()
    let pipes = LinkPipes(
      tasks: tasks.writing, tasksReading: tasks.reading, results: results.reading, errors: nil)
    let link = WorkerLink(
      place: request.place, generation: request.generation, pid: ProgramIdentity.pid, process: nil,
      page: page,
      offersPage: true, foundationStatus: nil, pipes: pipes, now: MonotonicClock.now())
    greet(link, coordinator: 0, location: nil)
    try WorkerThread.startInProcess(
      streams: WorkerStreams(tasks: workerTasks, results: Descriptor(owning: results.writing)), page: page,
      index: request.place)
    return link
  }

  private func startProcess(
    _ path: String, _ request: Request, _ tasks: consuming Pipe, _ results: consuming Pipe
  ) throws -> WorkerLink {
    let errors = try Pipe()
    try errors.reading.setNonBlocking()
    let page = try pages?.page(request.place) ?? StatusPage.makePrivate()
    page.reset()
    try reserveDescriptors()
    let numbers = (tasks.reading.number, results.writing.number, errors.writing.number)
    let started = try Self.withInheritedMask { () throws(WorkerStartFailure) in
      try WorkerProcess.start(
        path: path, environment: settings.environment, mark: WorkerMark.variable, input: numbers.0,
        output: numbers.1, errors: numbers.2)
    }
    let process: ProcessDescriptor
    do throws(SystemError) {
      process = try ProcessDescriptor(pid: started.pid)
    } catch {
      guard error.code == ESRCH else {
        started.kill()
        throw error
      }
      // It has ended, and Foundation has taken its status already.
      var lines = ErrorLines()
      errors.reading.drain { lines.append($0) }
      throw WorkerStartFailure(pid: started.pid, endedWith: started.status(), standardError: lines.text)
    }
    page.note(process: started.pid)
    let tasks = tasks.relinquish()
    let results = results.relinquish()
    let errorEnds = errors.relinquish()
    // The worker's ends: with a copy left here, its death would not end the streams.
    _ = Descriptor(owning: results.writing)
    _ = Descriptor(owning: errorEnds.writing)
    let pipes = LinkPipes(
      tasks: tasks.writing, tasksReading: tasks.reading, results: results.reading, errors: errorEnds.reading)
    let link = WorkerLink(
      place: request.place, generation: request.generation, pid: started.pid, process: process, page: page,
      offersPage: pages != nil, foundationStatus: started.status, pipes: pipes, now: MonotonicClock.now())
    greet(link, coordinator: ProgramIdentity.pid, location: pages?.location(request.place))
    return link
  }

  /// Whether Foundation has its two threads, which the first launch in a program starts and which live as
  /// long as it does.
  private static let hasFoundationThreads = Mutex(false)

  /// Starts a program with the signal mask that it is to inherit: none.
  ///
  /// Only for as long as this takes, and not the first time: what Foundation's threads inherit they keep, and
  /// a signal to the process must not find one that lets it through where the program blocks it everywhere to
  /// wait for it. A worker clears its own mask, so that the first does not differ.
  private static func withInheritedMask<Started>(
    _ start: () throws(WorkerStartFailure) -> Started
  ) throws(WorkerStartFailure) -> Started {
    let first = try hasFoundationThreads.withLock { (isDone) throws(WorkerStartFailure) -> Started? in
      if isDone { return nil }
      let started = try start()
      isDone = true
      return started
    }
    if let first { return first }
    SignalState.clearMask()
    defer { SignalState.block() }
    return try start()
  }

  /// Foundation takes some descriptors for a launch and does not look whether it got them: without this it
  /// would close the coordinator's own standard input when there are none. It takes three; the rest is for
  /// threads that open files meanwhile.
  private func reserveDescriptors() throws {
    let first = try Descriptor.open("/dev/null", O_RDONLY)
    if first.number > Self.mostDescriptors {
      throw WorkerStartFailure(
        "this process has more than \(Self.mostDescriptors) descriptors open, and no worker is started beyond that, "
          + "because the Foundation of Swift 6.3 crashes soon after; use fewer workers, or close files")
    }
    var copies: [Int32] = []
    defer { for copy in copies { _ = Descriptor(owning: copy) } }
    for _ in 0..<8 { copies.append(try first.duplicate().relinquish()) }
  }

  /// Swift 6.3's Foundation reads past the end of a buffer of 32 KiB when `/proc/self/fd` has more entries
  /// than that holds with one to spare: 1,353 of 24 bytes. The number of a new descriptor tells how many
  /// there are before it.
  private static let mostDescriptors: Int32 = 1300

  /// Puts the coordinator's first words into the outbox, which nobody else knows yet.
  private func greet(_ link: WorkerLink, coordinator: Int32, location: MemoryLocation?) {
    var writer = WireWriter(capacity: 256)
    Preamble.bytes.withUnsafeBytes { writer.writeBytes($0) }
    let hello = Hello(
      worker: UInt32(link.place), coordinator: coordinator, maximumBody: settings.maximumPayload,
      pollingTime: settings.pollingTimes.frame, callPollingTime: settings.pollingTimes.call,
      seed: settings.seed, itemMark: settings.itemMark, limits: settings.limits, page: location)
    writer.writeFrame(FrameHeader(.hello)) { hello.write(to: &$0) }
    link.outbox.append(FrameMemory(writer))
  }
}

/// The status pages of a pool's workers, in one piece of shared memory: one descriptor, however many workers.
private struct SharedPages: Sendable {
  private let file: SharedFile
  private let identity: FileIdentity

  /// - Because a class: the pages of all links keep nothing of it alive; the pool does.
  private final class SharedFile: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  init(places: Int) throws(SystemError) {
    let size = places * StatusPage.size
    file = SharedFile(try SharedMapping.makeFile(named: StatusPage.fileName, count: size))
    identity = try FileIdentity(of: file.descriptor)
  }

  func page(_ place: Int) throws(SystemError) -> StatusPage {
    StatusPage(
      try SharedMapping(file.descriptor, offset: place * StatusPage.size, count: StatusPage.size))
  }

  func location(_ place: Int) -> MemoryLocation {
    MemoryLocation(
      descriptor: file.descriptor.number, device: identity.device, inode: identity.inode,
      fileSize: identity.size, offset: place * StatusPage.size)
  }
}
