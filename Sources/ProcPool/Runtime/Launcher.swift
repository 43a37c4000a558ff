import Dispatch
import Glibc
import ProcPoolProtocol
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

  private struct State {
    var requests: [Request] = []
    /// The one that is being performed, and since when.
    var current: (request: Request, since: Int64)?
    /// The one that is being performed has taken too long, and was given up.
    var isStuck = false
    var isStopped = false
  }

  /// How long a launch may take: it takes milliseconds, and seconds where a program comes from a slow disk. One that
  /// waits inside of the C library or Foundation, for a thread that they were not given for example, may never come
  /// back. Nanoseconds.
  private static let launchTime: Int64 = 10_000_000_000

  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)
  private let settings: PoolSettings
  /// The status pages of all places; `nil` if the machine has no memory to share.
  private let pages: SharedPages?
  /// Those of places whose page has been left to a worker that did not end.
  private let otherPages = Mutex<[Int: SharedPages?]>([:])
  private let report: @Sendable (Request, Result<WorkerLink, WorkerStartFailure>) -> Void

  /// - Parameters:
  ///   - begins: called on the launcher's thread before anything else.
  ///   - report: called on the launcher's thread with each worker that was started, or why it was not.
  init(
    _ settings: PoolSettings, begins: @escaping @Sendable () -> Void,
    report: @escaping @Sendable (Request, Result<WorkerLink, WorkerStartFailure>) -> Void
  ) throws(SystemError) {
    self.settings = settings
    self.report = report
    if settings.program.isThread {
      pages = nil
    } else {
      // Without shared memory workers send each result as it comes: slower, not wrong.
      pages = try? SharedPages(places: settings.places)
    }
    try SystemThread.start(name: "procpool-launch", blocksSignals: true) {
      begins()
      self.run()
    }
  }

  func launch(_ request: Request) {
    state.withLock { $0.requests.append(request) }
    wakeUp.signal()
  }

  /// Takes a request back.
  ///
  /// - Returns: whether that came in time.
  func takeBack(_ place: Int) -> Bool {
    state.withLock { state in
      guard let index = state.requests.lastIndex(where: { $0.place == place }) else { return false }
      state.requests.remove(at: index)
      return true
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    wakeUp.signal()
  }

  /// The page of a place is given to no other worker: one that has not ended may write to it.
  func abandonPage(of place: Int) {
    otherPages.withLock { $0[place] = .some(try? SharedPages(places: 1)) }
  }

  /// The file that has the status page of a place, and its index there; `nil` where there is none.
  private func pageFile(of place: Int) -> (pages: SharedPages, index: Int)? {
    if let other = otherPages.withLock({ $0[place] }) { return other.map { ($0, 0) } }
    return pages.map { ($0, place) }
  }

  private func run() {
    while true {
      wakeUp.wait()
      let (request, isStopped) = state.withLock { state in
        let request = state.requests.isEmpty ? nil : state.requests.removeFirst()
        state.current = request.map { ($0, MonotonicClock.now()) }
        return (request, state.isStopped)
      }
      if isStopped { return }
      guard let request else { continue }
      let result = Result { () throws(WorkerStartFailure) in try attempt(request) }
      let isWanted = state.withLock { state in
        defer {
          state.current = nil
          state.isStuck = false
        }
        return !state.isStuck
      }
      // Its place has been told that it failed, and may be another's by now.
      if isWanted { report(request, result) } else if case .success(let link) = result { link.killAndReap() }
    }
  }

  private func attempt(_ request: Request) throws(WorkerStartFailure) -> WorkerLink {
    do {
      return try start(request)
    } catch let failure as WorkerStartFailure {
      throw failure
    } catch let error as SystemError {
      throw WorkerStartFailure("\(error)", isShortage: error.isShortage)
    } catch {
      throw WorkerStartFailure("\(error)")
    }
  }

  /// When it is to be looked whether a launch has come back, on the monotonic clock; `nil` while there is none.
  var deadline: Int64? {
    state.withLock { state in
      if state.isStuck { return state.requests.isEmpty ? nil : 0 }
      if let current = state.current { return current.since + Self.launchTime }
      return state.requests.isEmpty ? nil : MonotonicClock.now() + Self.launchTime
    }
  }

  /// Gives up a launch that has not come back, and those that wait for it.
  ///
  /// - Returns: what is given up, and why.
  func giveUp(now: Int64) -> (requests: [Request], failure: WorkerStartFailure) {
    let requests = state.withLock { state in
      var requests: [Request] = []
      if !state.isStuck, let current = state.current, now >= current.since + Self.launchTime {
        state.isStuck = true
        requests.append(current.request)
      }
      if state.isStuck {
        requests += state.requests
        state.requests = []
      }
      return requests
    }
    return (
      requests,
      WorkerStartFailure(
        "starting a worker has not returned within \(Self.launchTime / 1_000_000_000) s: the system may be out of "
          + "threads or processes (raise `ulimit -u` or the control group's pids.max), or the program's disk may not "
          + "respond",
        isShortage: true)
    )
  }

  private func start(_ request: Request) throws -> WorkerLink {
    let tasks = try Pipe()
    let results = try Pipe()
    // What an unprivileged user may have in all his pipes is 64 MiB; a quarter of it is this pool's.
    let capacity = Int32(min(1 << 20, max(1 << 16, (16 << 20) / (2 * settings.workers))))
    tasks.requestCapacity(capacity)
    results.requestCapacity(capacity)
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
    let ends = try tasks.relinquishToCoordinator()
    let results = results.relinquish()
    let pipes = LinkPipes(
      tasks: ends.tasks, tasksReading: ends.reading, passing: nil, results: results.reading, errors: nil)
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
    let pageFile = pageFile(of: request.place)
    let page = try pageFile.map { try $0.pages.page($0.index) } ?? StatusPage.makePrivate()
    page.reset()
    let tasks = try TaskStream(tasks)
    try reserveDescriptors()
    let numbers = (tasks.input.number, results.writing.number, errors.writing.number)
    let environment = try settings.environment.resolve()
    let mark = Offspring.makeMark()
    let started = try Self.withInheritedMask { () throws(WorkerStartFailure) in
      try WorkerProcess.start(
        path: path, environment: environment.text, mark: WorkerMark(mark), input: numbers.0,
        output: numbers.1, errors: numbers.2)
    }
    let process: ProcessDescriptor
    do throws(SystemError) {
      process = try ProcessDescriptor(pid: started.pid)
    } catch {
      guard error.code == ESRCH else {
        started.kill()
        throw Self.refusal(error)
      }
      // It has ended, and Foundation has taken its status already.
      var lines = ErrorLines()
      errors.reading.drain { lines.append($0) }
      throw WorkerStartFailure(pid: started.pid, endedWith: started.status(), standardError: lines.text)
    }
    page.note(process: started.pid)
    let taskEnds = tasks.relinquish()
    let results = results.relinquish()
    let errorEnds = errors.relinquish()
    // The worker's ends: with a copy left here, its death would not end the streams.
    _ = Descriptor(owning: results.writing)
    _ = Descriptor(owning: errorEnds.writing)
    let pipes = LinkPipes(
      tasks: taskEnds.tasks, tasksReading: taskEnds.reading, passing: taskEnds.passing,
      results: results.reading, errors: errorEnds.reading)
    let link = WorkerLink(
      place: request.place, generation: request.generation, pid: started.pid, process: process, page: page,
      offersPage: pageFile != nil, foundationStatus: started.status, pipes: pipes, now: MonotonicClock.now(),
      offspring: (mark, getsid(0)))
    greet(
      link, coordinator: ProgramIdentity.pid, environment: environment.rest,
      location: pageFile.map { $0.pages.location($0.index) })
    return link
  }

  /// Without a descriptor of its process a worker cannot be watched.
  private static func refusal(_ error: SystemError) -> WorkerStartFailure {
    guard error.code == EPERM || error.code == ENOSYS || error.code == EACCES else {
      return WorkerStartFailure("\(error)", isShortage: error.isShortage)
    }
    return WorkerStartFailure(
      "\(error): a pool needs pidfds to watch its workers, which Linux has since 5.3, and this is "
        + "\(KernelVersion.text). If the kernel is recent enough, a seccomp profile (of a container or a service) "
        + "blocks the call: allow pidfd_open, pidfd_send_signal and waitid in it")
  }

  /// The first launch has Foundation start two threads, and wait for ever if it does not get them: it is looked before
  /// whether there are any, for the worker's process too, and with one to spare.
  private static func requireThreads() throws(SystemError) {
    let isOver = DispatchSemaphore(value: 0)
    var started = 0
    defer { for _ in 0..<started { isOver.signal() } }
    for _ in 0..<4 {
      try SystemThread.start(name: "procpool-probe", stack: 1 << 16, blocksSignals: true) { isOver.wait() }
      started += 1
    }
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
      do throws(SystemError) {
        try requireThreads()
      } catch {
        throw WorkerStartFailure(
          "\(error): starting the first worker needs four free threads or processes; raise `ulimit -u` or the control "
            + "group's pids.max",
          isShortage: error.isShortage)
      }
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
    // The program may have closed them since the pool was made, and Foundation's descriptors would become them.
    try StandardStreams.fill()
    let first = try Descriptor.open("/dev/null", O_RDONLY)
    if first.number > Self.mostDescriptors {
      throw WorkerStartFailure(
        "this process has more than \(Self.mostDescriptors) descriptors open, and no worker is started beyond that, "
          + "because the Foundation of Swift 6.3 crashes soon after; use fewer workers, or close files")
    }
    var copies: [Int32] = []
    defer { for copy in copies { _ = Descriptor(owning: copy) } }
    // With the first, eight.
    for _ in 0..<7 { copies.append(try first.duplicate().relinquish()) }
  }

  /// Swift 6.3's Foundation reads past the end of a buffer of 32 KiB when `/proc/self/fd` has more entries
  /// than that holds with one to spare: 1,353 of 24 bytes. The number of a new descriptor tells how many
  /// there are before it.
  private static let mostDescriptors: Int32 = 1300

  /// Puts the coordinator's first words into the outbox, which nobody else knows yet.
  private func greet(
    _ link: WorkerLink, coordinator: Int32, environment: [[UInt8]] = [], location: MemoryLocation?
  ) {
    var writer = WireWriter(capacity: 256)
    Preamble.bytes.withUnsafeBytes { writer.writeBytes($0) }
    let hello = Hello(
      worker: UInt32(link.place), coordinator: coordinator, maximumBody: settings.maximumPayload,
      pollingTime: settings.pollingTimes.frame, callPollingTime: settings.pollingTimes.call,
      seed: settings.seed, itemMark: settings.itemMark, limits: settings.limits,
      environment: environment, page: location)
    writer.writeFrame(FrameHeader(.hello)) { hello.write(to: &$0) }
    link.outbox.append(FrameMemory(writer))
  }
}
