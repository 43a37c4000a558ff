import ProcPoolProtocol
import ProcPoolSharedMemory

// The greeting of a worker, with which the handshake is complete and its abilities are settled.

extension PoolRuntime {
  /// Accepts a worker's greeting: it has the abilities that `hello` offered and the greeting accepts.
  func completeHandshake(
    _ connection: WorkerConnection, _ body: UnsafeRawBufferPointer, _ incoming: inout Incoming,
    _ state: inout PoolState
  ) throws(FrameError) {
    guard let greeting = try? Greeting(from: body) else { throw .unexpected("its handshake is malformed") }
    if let buildID = settings.requiredBuildID, greeting.buildID != buildID {
      throw .unexpected("it is another build of the program than the coordinator; start the program again")
    }
    incoming.hasCompletedHandshake = true
    let abilities = connection.offered.intersection(greeting.abilities)
    state.workers[connection.place]?.abilities = abilities
    // Under the lock, but only once in the life of a program, so that the server runs before any
    // block is attached.
    if !greeting.pageFailure.isEmpty { BlockServer.start() }
    state.scheduler.completedHandshake(
      connection.place, canGiveBack: abilities.contains(.givesBack), now: .now())
  }

  /// The reason why a worker cannot be used, and what to do about it.
  static func handshakeAdvice(_ error: FrameError, pid: Int32) -> String {
    switch error {
    case .notProcPool:
      "the program (pid \(pid)) wrote something of its own to standard output instead of the handshake; "
        + RuntimeLoop.serveAdvice
    case .version, .unexpected, .unknownKind, .tooLong:
      "the worker (pid \(pid)) cannot be used: \(error)"
    }
  }
}
