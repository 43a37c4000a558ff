import ProcPoolProtocol
import ProcPoolWorker

/// What the owner of a scheduler is to do.
enum SchedulerAction<Payload: ChunkPayload> {
  case launch(place: PlaceID)
  /// Report that it was `tookBack`, if nothing has been done for a launch yet.
  case recall(place: PlaceID)
  /// Report so many nanoseconds later that the place has `rested`.
  case rest(place: PlaceID, Nanoseconds)
  case sendCall(place: PlaceID, call: CallID)
  case sendChunk(place: PlaceID, Chunk<Payload>, flags: ChunkHint)
  /// Close the worker's gate and report what it had claimed through `tookBack`, before any other event.
  case takeBack(place: PlaceID)
  case sendResume(place: PlaceID, epoch: UInt64)
  case sendEndCall(place: PlaceID, call: CallID)
  case sendEnd(place: PlaceID)
  /// A worker of this number has taken up work: tell it, where its number is not that of its place.
  case begin(place: PlaceID, worker: WorkerID)
  /// Tell the worker that everything below the position is cancelled.
  case cancelRunning(place: PlaceID, below: UInt64)
  /// Ask the worker's process to end.
  case terminate(place: PlaceID)
  case kill(place: PlaceID)
  /// Items of a call ended without a result.
  case fail(call: CallID, first: ItemIndex, count: Int, ItemTrace, ItemFailure)
  /// The call's time is over.
  case expire(call: CallID, limit: Duration)
  case announce(PoolEvent.Kind)
  /// Nobody needs the call any more.
  case forget(call: CallID, CallCounts)
  /// There is room for more of the call, whose owner was told that there was none.
  case askForMore(call: CallID)
  /// All workers are gone, and no more will come.
  case stopped
}

/// What the worker is told about a chunk.
struct ChunkHint: Equatable {
  var flushes: Bool
  var claimExponent: UInt8
}

/// Why an item ended, where it was not the task that ended it.
enum ItemFailure: Equatable {
  case lost(WorkerLoss)
  case timedOut(WorkerLoss, limit: Duration)
  case noWorkers(WorkerStartFailure)
  case terminated
}

/// What is known of the run of an item that ended without a result.
struct ItemTrace: Equatable {
  /// At which step it ended, where that is known and items have steps.
  var step: UInt64?
  /// Which attempt it was, from 1.
  var attempt = 1
  /// How long it had been running, at the most, in nanoseconds.
  var elapsed = Nanoseconds.zero
  /// It was its call's task that was being decoded or prepared for it.
  var isPreparation = false
}

/// What bounds a call and its items.
struct CallLimits: Equatable {
  /// How long an item may run.
  var timeout: Duration?
  /// How long preparing the task may take; as long as an item may run, unless that is said.
  var preparationTimeout: Duration?
  /// How long the call may take.
  var deadline: Duration?
  /// How often an item is begun, at the most, if its worker is lost.
  var attempts = 1
  /// How an item is run again whose task throws.
  var backoff: Backoff?

  /// The limit of what a worker does.
  func limit(isPreparation: Bool) -> Duration? {
    isPreparation ? preparationTimeout ?? timeout : timeout
  }

  /// The shorter of the limits of what a worker does.
  var shortest: Duration? { [timeout, preparationTimeout].compactMap(\.self).min() }
}

/// What a worker's frame was found to be.
enum Reception: Equatable {
  /// Deliver the items, without the first `skipping`, which are known already.
  case deliver(skipping: Int)
  /// Nobody waits for them any more, or all are known already.
  case ignore
  /// The worker was not given these items, or has answered them before.
  case violation(String)
}
