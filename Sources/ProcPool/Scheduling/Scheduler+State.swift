import ProcPoolProtocol

extension Scheduler {
  /// A place for a process. The process in it may be replaced; which worker of the pool it is, if any, is its
  /// seat. Places without a seat are for processes that stand by, and for those that are on their way out.
  struct Place {
    /// What the clock has seen of an item.
    struct Watch {
      let position: UInt64
      let step: UInt64?
      /// What runs is not the item, but what its worker does for the call before that.
      let isPreparation: Bool
      /// Since when it runs; later by the time in which nobody looked.
      var since: Instant
      var lastLook: Instant
      /// It was told that it runs for long.
      var isTold = false

      init(position: UInt64, step: UInt64?, isPreparation: Bool, now: Instant) {
        self.position = position
        self.step = step
        self.isPreparation = isPreparation
        since = now
        lastLook = now
      }

      /// How long the item has been running, at another look.
      ///
      /// Looks come ten times a second or more often. When one comes a second late, this process or the whole
      /// machine has been stopped meanwhile, and the worker perhaps with it: such time is not the item's.
      mutating func elapsed(now: Instant) -> Nanoseconds {
        if now - lastLook > .milliseconds(1_000) { since = since + (now - lastLook) }
        lastLook = now
        return now - since
      }
    }

    enum State: Equatable {
      case vacant
      /// Waits a while before the next worker is started in it.
      case resting
      case launching
      /// Has greeted, and waits for a seat.
      case standby
      case ready
      /// Was told to go.
      case leaving
      /// Is to be killed; if for an item that exceeded its time limit, this is the limit.
      case condemned(timeLimit: Duration?)
    }

    var state = State.vacant
    /// Which of the pool's workers is here.
    var seat: WorkerID?
    /// When its process took up work: while it stands by it does not age.
    var begun = Instant.start
    /// When it was seen that it had been told to go.
    var left: Instant?
    /// Why its process is to be replaced, as soon as another one stands by.
    var due: RecyclingReason?
    /// Chunks in flight, in the order in which they were sent.
    var queue = Deque<Chunk<Payload>>()
    /// Items that have ended in this worker.
    var position: UInt64 = 0
    /// Items whose end has been read from the pipe; behind `position` where results were copied from the
    /// status page.
    var streamPosition: UInt64 = 0
    /// Estimated work in flight, in nanoseconds; items and bytes in flight.
    var cost = Nanoseconds.zero
    var items = 0
    var bytes = 0
    /// Calls whose task this worker has.
    var calls: Set<CallID> = []
    /// When the worker last got its first chunk or ended an item.
    var lastProgress = Instant.start
    /// Items that ended since that time, each by call, to be accounted for together.
    var unmeasured: [CallID: Int] = [:]
    /// Whether the worker gives back what it has not begun.
    var canGiveBack = true
    /// What was seen of the worker when it was looked whether it has too much to do, and since when that is so.
    var look: (seen: WorkerSight, since: Instant)?
    /// It did not get on then: until it ends an item, others come first.
    var isStuck = false
    /// What was seen of the running item, for its time limit.
    var watch: Watch?
    /// Since when the worker has been running items of a call that is cancelled, and whether it was asked to
    /// end for it.
    var cancellation: (call: CallID, since: Instant, isTerminated: Bool)?
    /// Workers lost in this place since one of them ended an item.
    var strikes = 0
    /// How often in a row no worker could be started here because something was lacking for the moment.
    var shortages = 0
    /// Chunks that only this place may run.
    var pinned = Deque<Chunk<Payload>>()

    var isAlive: Bool { state != .vacant }
    /// Starting is tried again now and then, and calls do not wait for it any more.
    var isStarved: Bool { shortages >= Shortage.maximumTries }

    /// The time limit that the first item which has not ended exceeded, if its worker is being killed for
    /// that: the one that it was condemned for may have ended since.
    var exceededLimit: Duration? {
      guard case .condemned(let limit?) = state, watch.map({ $0.position >= position }) ?? true else {
        return nil
      }
      return limit
    }

    /// Forgets what is in flight.
    mutating func empty() {
      queue.removeAll()
      cost = .zero
      items = 0
      bytes = 0
    }
  }

  struct Call {
    let limits: CallLimits
    /// One item, whose task a worker forgets when it has run it.
    let isSingle: Bool
    /// Nanoseconds per item, estimated from what has ended; 0 before that.
    var itemTime: Double
    /// That is of this call's items: before they are seen, it is of those of an earlier call.
    var isMeasured = false
    var pending = Deque<Chunk<Payload>>()
    /// Items and bytes in `pending`.
    var pendingItems = 0
    var pendingBytes = 0
    /// Items in workers, or waiting for one particular worker.
    var inFlight = 0
    var isRetired = false
    /// Items that have thrown and wait until they are run again.
    var paused = 0
    /// Its owner was told that there are too many bytes before the workers.
    var awaitsRoom = false
    var counts: CallCounts

    mutating func append(_ chunk: Chunk<Payload>) {
      pending.append(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    mutating func prepend(_ chunk: Chunk<Payload>) {
      pending.prepend(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    mutating func popPending() -> Chunk<Payload>? {
      guard let chunk = pending.popFirst() else { return nil }
      pendingItems -= chunk.count
      pendingBytes -= chunk.payload.byteCount
      return chunk
    }

    mutating func dropPending() {
      pending.removeAll()
      pendingItems = 0
      pendingBytes = 0
    }
  }
}
