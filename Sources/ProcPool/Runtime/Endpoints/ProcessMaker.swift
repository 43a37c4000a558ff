import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// Starts workers as processes on this machine.
struct ProcessMaker: WorkerMaker {
  private let path: String
  private let settings: PoolSettings
  private let pages: PageFiles

  init(path: String, _ settings: PoolSettings) {
    self.path = path
    self.settings = settings
    pages = PageFiles(places: settings.places)
  }

  func makeWorker(_ request: Launcher.Request) throws -> LaunchedWorker {
    let taskPipe = try Pipe()
    let results = try Pipe()
    try WorkerPipes.prepare(taskPipe, results, workers: settings.workers)
    let errors = try Pipe()
    try errors.reading.setNonBlocking()
    let pageFile = pages.file(of: request.place)
    let page = try pageFile.map { try $0.pages.page($0.index) } ?? StatusPage.makePrivate()
    page.reset()
    let tasks = try TaskStream(taskPipe)
    try LaunchPreparation.reserveDescriptors()
    let numbers = (tasks.input.number, results.writing.number, errors.writing.number)
    let environment = try settings.environment.resolve()
    let mark = Offspring.makeMark()
    let started = try LaunchPreparation.withInheritedMask { () throws(WorkerStartFailure) in
      try FoundationProcess.start(
        path: path, environment: environment.text, mark: WorkerMark(mark), input: numbers.0,
        output: numbers.1, errors: numbers.2)
    }
    let descriptor: ProcessDescriptor
    do throws(SystemError) {
      descriptor = try ProcessDescriptor(pid: started.pid)
    } catch {
      guard error.code == ESRCH else {
        started.kill()
        throw Self.refusal(error)
      }
      // The process has ended, and Foundation has taken its status already.
      var lines = ErrorLines()
      errors.reading.drain { lines.append($0) }
      throw WorkerStartFailure(pid: started.pid, endedWith: started.status(), standardError: lines.text)
    }
    page.note(process: started.pid)
    let taskEnds = tasks.relinquish()
    let resultEnds = results.relinquish()
    let errorEnds = errors.relinquish()
    // Closes the worker's ends: with a copy left here, its death would not end the streams.
    _ = Descriptor(owning: resultEnds.writing)
    _ = Descriptor(owning: errorEnds.writing)
    let connection = WorkerConnection(
      request, pid: started.pid,
      offers: pageFile == nil ? .process.subtracting(.needPage) : .process,
      process: ChildProcess(
        pid: started.pid, descriptor, offspring: (mark, getsid(0)), foundationStatus: started.status),
      page: page,
      pipes: ConnectionPipes(
        tasks: taskEnds.tasks, tasksReading: taskEnds.reading, passing: taskEnds.passing,
        results: resultEnds.reading, errors: errorEnds.reading))
    return LaunchedWorker(
      connection, settings, coordinator: ProgramIdentity.pid, environment: environment.rest,
      location: pageFile.map { $0.pages.location($0.index) })
  }

  func abandonPage(of place: PlaceID) { pages.abandon(place) }

  /// The failure for a system without process descriptors, by which workers are watched.
  private static func refusal(_ error: SystemError) -> WorkerStartFailure {
    guard error.code == EPERM || error.code == ENOSYS || error.code == EACCES else {
      return WorkerStartFailure("\(error)", isShortage: error.isShortage)
    }
    return WorkerStartFailure(
      "\(error): a pool needs pidfds to watch its workers, which Linux has since 5.3, and this is "
        + "\(KernelVersion.text). If the kernel is recent enough, a seccomp profile (of a container or a service) "
        + "blocks the call: allow pidfd_open, pidfd_send_signal and waitid in it")
  }
}

/// The files that hold the status pages of a pool's places.
private final class PageFiles: Sendable {
  /// The pages of all places; `nil` if the machine cannot share memory. Workers then send each
  /// result immediately.
  private let shared: SharedPages?
  /// The separate pages of places whose first page was reserved for a worker that did not end.
  private let others = Mutex<[PlaceID: SharedPages?]>([:])

  init(places: Int) { shared = try? SharedPages(places: places) }

  /// The file with the page of a place, and its index there; `nil` if there is none.
  func file(of place: PlaceID) -> (pages: SharedPages, index: Int)? {
    if let other = others.withLock({ $0[place] }) { return other.map { ($0, 0) } }
    return shared.map { ($0, place.index) }
  }

  func abandon(_ place: PlaceID) { others.withLock { $0[place] = .some(try? SharedPages(places: 1)) } }
}
