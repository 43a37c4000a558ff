import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// Starts workers of one kind. A further kind of worker needs only another maker, because the rest
/// of the runtime depends on the abilities of the connections that it makes.
protocol WorkerMaker: Sendable {
  /// Starts a worker on the launcher's thread.
  ///
  /// - Throws: ``WorkerStartFailure`` or a system error.
  func makeWorker(_ request: Launcher.Request) throws -> LaunchedWorker

  /// Reserves the page of a place for its present worker, which has not ended and may write to it.
  func abandonPage(of place: PlaceID)
}

/// A worker that has been started and has not completed the handshake.
struct LaunchedWorker {
  let connection: WorkerConnection
  /// The coordinator's first frame, with its preamble.
  let hello: FrameMemory

  /// - Parameters:
  ///   - coordinator: the process ID that the worker watches; 0 if the worker runs in it.
  ///   - environment: the entries of the environment that could not be passed at the start.
  ///   - location: the location of its status page, if the worker has to map it.
  init(
    _ connection: WorkerConnection, _ settings: PoolSettings, coordinator: Int32,
    environment: [[UInt8]] = [], location: MemoryLocation? = nil
  ) {
    var writer = WireWriter(capacity: 256)
    Preamble.bytes.withUnsafeBytes { writer.writeBytes($0) }
    var hello = Hello(
      worker: UInt32(connection.place.index), coordinator: coordinator, abilities: connection.offered,
      maximumBody: settings.maximumPayload)
    hello.pollingTime = settings.pollingTimes.frame
    hello.callPollingTime = settings.pollingTimes.call
    hello.seed = settings.seed
    hello.itemMark = settings.itemMark
    hello.limits = settings.limits
    hello.environment = environment
    hello.page = location
    writer.writeFrame(FrameHeader(.hello)) { hello.write(to: &$0) }
    self.connection = connection
    self.hello = FrameMemory(writer)
  }
}

extension WorkerSource.Program {
  /// The abilities of workers of this kind.
  var abilities: Abilities {
    switch self {
    case .executable: .process
    case .thread: .thread
    }
  }

  func makeMaker(_ settings: PoolSettings) -> any WorkerMaker {
    switch self {
    case .executable(let path, _): ProcessMaker(path: path, settings)
    case .thread: ThreadMaker(settings)
    }
  }
}

/// The preparation of a worker's pipes that all makers share.
enum WorkerPipes {
  /// - Parameter workers: the number of workers of the pool.
  static func prepare(
    _ tasks: borrowing Pipe, _ results: borrowing Pipe, workers: Int
  ) throws(SystemError) {
    // All pipes of an unprivileged user may hold 64 MiB, of which this pool uses a quarter.
    let capacity = Int32(min(1 << 20, max(1 << 16, (16 << 20) / (2 * workers))))
    tasks.requestCapacity(capacity)
    results.requestCapacity(capacity)
    try results.reading.setNonBlocking()
  }
}
