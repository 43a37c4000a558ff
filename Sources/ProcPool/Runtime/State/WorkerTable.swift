import ProcPoolProtocol
import ProcPoolWorker

/// A worker as the pool's lock guards it.
struct WorkerEntry {
  let connection: WorkerConnection
  /// Which worker of the pool it is, once it has taken up work; until then the number of its place.
  var worker: WorkerID
  /// Whether it has taken up work.
  var hasSeat = false
  /// The abilities that both sides have; none before the greeting.
  var abilities: Abilities = []
  var outgoing = Outgoing()
  /// Bytes that have come through the results pipe.
  var bytesReceived: UInt64 = 0
  /// Items whose end a caller was given.
  var itemsFinished: UInt64 = 0
  /// Why the pool kills it, unless it has broken the protocol.
  var condemnation: LikelyCause?

  init(_ connection: WorkerConnection) {
    self.connection = connection
    worker = WorkerID(index: connection.place.index)
  }

  /// Where the worker is, if its page says so.
  var progress: StatusPage.Progress? {
    abilities.contains(.hasStatusPage) ? connection.page.progress : nil
  }

  /// Whether payloads can be left in the coordinator's memory.
  var reachesMemory: Bool { abilities.contains(.sharesMemory) && outgoing.reachesMemory }
}

/// The workers that there are, by place.
struct WorkerTable {
  private var entries: Table<PlaceID, WorkerEntry?>
  private var lastGeneration: UInt32 = 0

  init(places: Int) { entries = Table(Array(repeating: nil, count: places)) }

  mutating func nextGeneration() -> UInt32 {
    lastGeneration &+= 1
    return lastGeneration
  }

  subscript(place: PlaceID) -> WorkerEntry? {
    _read { yield entries[place] }
    _modify { yield &entries[place] }
  }

  /// The entry of a worker, unless that has left its place.
  subscript(_ connection: WorkerConnection) -> WorkerEntry? {
    guard let entry = entries[connection.place], entry.connection === connection else { return nil }
    return entry
  }

  var all: some Sequence<WorkerEntry> { entries.lazy.compactMap(\.self) }
}

extension WorkerTable {
  /// Takes what is to be written to a worker out of its outbox; nothing while another thread writes to it, or while its
  /// pipe is full.
  ///
  /// - Parameter afterWaiting: the poller has found room in a pipe that was full.
  mutating func takeFrames(for connection: WorkerConnection, afterWaiting: Bool) -> Deque<Outbox.Piece> {
    let place = connection.place
    guard let entry = entries[place], entry.connection === connection,
      !entry.outgoing.awaitsRoom || afterWaiting
    else { return Deque() }
    return entries[place]!.outgoing.outbox.take()
  }

  /// Ends a write to a worker.
  ///
  /// - Parameter rest: what could not be written, because the pipe is full.
  /// - Returns: whether the pipe was and is full, and whether there is nothing more to write; `nil` if the worker has
  ///   left its place.
  mutating func noteWritten(
    _ bytes: Int, _ rest: Deque<Outbox.Piece>, to connection: WorkerConnection
  ) -> (awaitedRoom: Bool, awaitsRoom: Bool, isEmpty: Bool)? {
    let place = connection.place
    guard entries[place]?.connection === connection else { return nil }
    let awaitedRoom = entries[place]!.outgoing.awaitsRoom
    entries[place]!.outgoing.written += UInt64(bytes)
    entries[place]!.outgoing.outbox.putBack(rest)
    entries[place]!.outgoing.awaitsRoom = !rest.isEmpty
    return (awaitedRoom, !rest.isEmpty, entries[place]!.outgoing.outbox.pieces.isEmpty)
  }
}
