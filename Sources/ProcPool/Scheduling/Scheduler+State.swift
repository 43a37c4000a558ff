import ProcPoolProtocol

extension Scheduler {
  /// A place for a process, which may be replaced. Its seat is the worker of the pool that it
  /// represents, if any. Places without a seat are for standby processes and for processes that are
  /// leaving.
  struct Place {
    /// The observed run of an item.
    struct Watch {
      let position: UInt64
      let step: UInt64?
      /// Whether the worker is not running the item yet but preparing its call.
      let isPreparation: Bool
      /// When the run started, plus the time without a check.
      var since: Instant
      var lastLook: Instant
      /// Whether a stall has been announced.
      var isAnnounced = false

      init(position: UInt64, step: UInt64?, isPreparation: Bool, now: Instant) {
        self.position = position
        self.step = step
        self.isPreparation = isPreparation
        since = now
        lastLook = now
      }

      /// Returns how long the item has been running, at another check.
      ///
      /// Checks are made ten times a second or more often. If one is a second late, this process or
      /// the whole machine was stopped in the meantime, and perhaps the worker as well: such time
      /// does not count.
      mutating func elapsed(now: Instant) -> Nanoseconds {
        if now - lastLook > .milliseconds(1_000) { since = since + (now - lastLook) }
        lastLook = now
        return now - since
      }
    }

    enum State: Equatable {
      case vacant
      /// Waits before the next worker is started.
      case resting
      case launching
      /// The handshake has completed; the process waits for a seat.
      case standby
      case ready
      /// The process was asked to exit.
      case leaving
      /// The process is to be killed; `timeLimit` is the limit that its item exceeded, if that is
      /// the reason.
      case condemned(timeLimit: Duration?)
    }

    var state = State.vacant
    /// The worker of the pool that is in this place.
    var seat: WorkerID?
    /// When its process took up work. A standby process does not age.
    var begun = Instant.start
    /// When the clock was first checked after the process was asked to exit.
    var left: Instant?
    /// The reason for which its process will be recycled, as soon as a standby process is
    /// available.
    var due: RecyclingReason?
    /// Chunks in flight, in the order in which they were sent.
    var queue = Deque<Chunk<Payload>>()
    /// The number of items that have ended in this worker.
    var position: UInt64 = 0
    /// The number of items whose end has been read from the pipe; less than `position` if results
    /// were copied from the status page.
    var streamPosition: UInt64 = 0
    /// The estimated work, the items and the bytes in flight.
    var cost = Nanoseconds.zero
    var items = 0
    var bytes = 0
    /// The calls whose task this worker has.
    var calls: Set<CallID> = []
    /// When the worker last received a chunk while idle, or ended an item.
    var lastProgress = Instant.start
    /// The items that have ended since then, by call, to be measured together.
    var unmeasured: [CallID: Int] = [:]
    /// Whether unclaimed items can be taken back from the worker.
    var canGiveBack = true
    /// What was last seen of the worker when its work was checked, and since when that has not
    /// changed.
    var look: (seen: WorkerSnapshot, since: Instant)?
    /// Whether it made no progress at that check. It is then the last choice until it ends an item.
    var isStuck = false
    /// What was seen of the running item, for its time limit.
    var watch: Watch?
    /// Since when the worker has been running items of a retired call, and whether it was asked
    /// to end because of that.
    var cancellation: (call: CallID, since: Instant, isTerminated: Bool)?
    /// The number of workers lost in this place since one of them ended an item.
    var strikes = 0
    /// The number of consecutive starts in this place that failed because of a temporary shortage.
    var shortages = 0
    /// The chunks that only this place may run.
    var pinned = Deque<Chunk<Payload>>()

    var isAlive: Bool { state != .vacant }
    /// Whether calls no longer wait for this place. Its start is still retried from time to time.
    var isStarved: Bool { shortages >= Shortage.maximumTries }

    /// The time limit that was exceeded by the first item that has not ended, if its worker is
    /// being killed for that. The item for which the worker was condemned may have ended since.
    var exceededLimit: Duration? {
      guard case .condemned(let limit?) = state, watch.map({ $0.position >= position }) ?? true else {
        return nil
      }
      return limit
    }

    /// Removes everything in flight.
    mutating func empty() {
      queue.removeAll()
      cost = .zero
      items = 0
      bytes = 0
    }
  }

  /// A class, because a look-up of a structure of this size copies it whole.
  final class Call {
    let limits: CallLimits
    /// Whether the call has one item, after which a worker releases the task.
    let isSingle: Bool
    /// The estimated time per item in nanoseconds, from ended items; 0 if unknown.
    var itemTime: Double
    /// Whether `itemTime` has been measured in this call, rather than taken from an earlier one.
    var isMeasured = false
    var pending = Deque<Chunk<Payload>>()
    /// The items and bytes in `pending`.
    var pendingItems = 0
    var pendingBytes = 0
    /// The number of items that are in flight or pinned to a worker.
    var inFlight = 0
    var isRetired = false
    /// The number of paused items, whose task has thrown.
    var paused = 0
    /// Whether its owner was refused further chunks because too many bytes are pending.
    var awaitsRoom = false
    var counts: CallCounts

    init(_ limits: CallLimits, isSingle: Bool, itemTime: Double, begun: Instant) {
      self.limits = limits
      self.isSingle = isSingle
      self.itemTime = itemTime
      counts = CallCounts(begun: begun)
    }

    func append(_ chunk: Chunk<Payload>) {
      pending.append(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    func prepend(_ chunk: Chunk<Payload>) {
      pending.prepend(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    func popPending() -> Chunk<Payload>? {
      guard let chunk = pending.popFirst() else { return nil }
      pendingItems -= chunk.count
      pendingBytes -= chunk.payload.byteCount
      return chunk
    }

    func dropPending() {
      pending.removeAll()
      pendingItems = 0
      pendingBytes = 0
    }
  }
}
