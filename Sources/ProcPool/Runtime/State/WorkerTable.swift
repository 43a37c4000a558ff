import ProcPoolProtocol
import ProcPoolWorker

/// The state of a worker that the pool's lock guards.
///
/// A class, because a look-up of a structure of this size copies it whole. It is not Sendable, so that it stays in
/// ``PoolState``.
final class WorkerEntry {
  let connection: WorkerConnection
  /// The worker of the pool that the process is. Until it takes up work, this has the index of its
  /// place.
  var worker: WorkerID
  /// Whether it has taken up work.
  var hasSeat = false
  /// The abilities that both sides have; empty before the handshake.
  var abilities: Abilities = []
  var outgoing = Outgoing()
  /// The number of bytes received through the results pipe.
  var bytesReceived: UInt64 = 0
  /// The number of items whose end was delivered to a caller.
  var itemsFinished: UInt64 = 0
  /// The reason why the pool kills it, unless it has broken the protocol.
  var condemnation: LikelyCause?

  init(_ connection: WorkerConnection) {
    self.connection = connection
    worker = WorkerID(index: connection.place.index)
  }

  /// The progress of the worker according to its page.
  var progress: StatusPage.Progress? {
    abilities.contains(.hasStatusPage) ? connection.page.progress : nil
  }

  /// Whether payloads can be passed in the coordinator's memory.
  var reachesMemory: Bool { abilities.contains(.sharesMemory) && outgoing.reachesMemory }
}

/// The current workers, by place.
struct WorkerTable {
  private var entries: Table<PlaceID, WorkerEntry?>
  private var lastGeneration: UInt32 = 0

  init(places: Int) { entries = Table(Array(repeating: nil, count: places)) }

  mutating func nextGeneration() -> UInt32 {
    lastGeneration &+= 1
    return lastGeneration
  }

  subscript(place: PlaceID) -> WorkerEntry? {
    get { entries[place] }
    set { entries[place] = newValue }
  }

  /// The entry of a worker, unless the worker has left its place.
  subscript(_ connection: WorkerConnection) -> WorkerEntry? {
    guard let entry = entries[connection.place], entry.connection === connection else { return nil }
    return entry
  }

  var all: some Sequence<WorkerEntry> { entries.lazy.compactMap(\.self) }
}

extension WorkerTable {
  /// Takes the frames for a worker out of its outbox; none while another thread writes to it, or
  /// while its pipe is full.
  ///
  /// - Parameter afterWaiting: whether the poller has found room in a pipe that was full.
  func takeFrames(for connection: WorkerConnection, afterWaiting: Bool) -> Deque<Outbox.Piece> {
    guard let entry = self[connection], !entry.outgoing.awaitsRoom || afterWaiting else { return Deque() }
    return entry.outgoing.outbox.take()
  }

  /// Ends a write to a worker.
  ///
  /// - Parameter rest: the pieces that could not be written because the pipe is full.
  /// - Returns: whether the pipe was and is full, and whether there is nothing more to write; `nil`
  ///   if the worker has left its place.
  func noteWritten(
    _ bytes: Int, _ rest: Deque<Outbox.Piece>, to connection: WorkerConnection
  ) -> (awaitedRoom: Bool, awaitsRoom: Bool, isEmpty: Bool)? {
    guard let entry = self[connection] else { return nil }
    let awaitedRoom = entry.outgoing.awaitsRoom
    entry.outgoing.written += UInt64(bytes)
    entry.outgoing.outbox.putBack(rest)
    entry.outgoing.awaitsRoom = !rest.isEmpty
    return (awaitedRoom, !rest.isEmpty, entry.outgoing.outbox.pieces.isEmpty)
  }
}
