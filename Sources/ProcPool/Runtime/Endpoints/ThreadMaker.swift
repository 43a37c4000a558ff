import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker

/// Starts workers on threads of this process.
struct ThreadMaker: WorkerMaker {
  private let settings: PoolSettings

  init(_ settings: PoolSettings) { self.settings = settings }

  func makeWorker(_ request: Launcher.Request) throws -> LaunchedWorker {
    let tasks = try Pipe()
    let results = try Pipe()
    try WorkerPipes.prepare(tasks, results, workers: settings.workers)
    let page = StatusPage.makePrivate()
    page.reset()
    // The worker gets its own copy to close; the coordinator's copy prevents SIGPIPE.
    let workerTasks = try tasks.reading.duplicate()
    let ends = try tasks.relinquishToCoordinator()
    let resultEnds = results.relinquish()
    let connection = WorkerConnection(
      request, pid: ProgramIdentity.pid, offers: .thread, process: nil, page: page,
      pipes: ConnectionPipes(tasks: ends.tasks, tasksReading: ends.reading, results: resultEnds.reading))
    let worker = LaunchedWorker(connection, settings, coordinator: 0)
    try WorkerThread.startInProcess(
      streams: WorkerStreams(tasks: workerTasks, results: Descriptor(owning: resultEnds.writing)), page: page,
      index: request.place.index)
    return worker
  }

  /// Does nothing, because each worker has its own page.
  func abandonPage(of place: PlaceID) {}
}
