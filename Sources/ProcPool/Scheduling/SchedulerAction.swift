import ProcPoolProtocol
import ProcPoolWorker

/// The actions for the owner of a scheduler to perform.
enum SchedulerAction<Payload: ChunkPayload> {
  case launch(place: PlaceID)
  /// Cancel a launch: report `tookBack` if nothing has been done for it yet.
  case recall(place: PlaceID)
  /// Report `rested` for the place after this time.
  case rest(place: PlaceID, Nanoseconds)
  case sendCall(place: PlaceID, call: CallID)
  case sendChunk(place: PlaceID, Chunk<Payload>, flags: ChunkHint)
  /// Close the worker's gate, and report the claimed position through `tookBack` before any other
  /// event.
  case takeBack(place: PlaceID)
  case sendResume(place: PlaceID, epoch: UInt64)
  case sendEndCall(place: PlaceID, call: CallID)
  case sendEnd(place: PlaceID)
  /// The process has become this worker. Notify it if its number differs from that of its place.
  case begin(place: PlaceID, worker: WorkerID)
  /// Notify the worker that everything below the position is cancelled.
  case cancelRunning(place: PlaceID, below: UInt64)
  /// Ask the worker's process to exit.
  case terminate(place: PlaceID)
  case kill(place: PlaceID)
  /// Items of a call ended without a result.
  case fail(call: CallID, first: ItemIndex, count: Int, ItemTrace, ItemFailure)
  /// The call's deadline has passed.
  case expire(call: CallID, limit: Duration)
  case announce(PoolEvent.Kind)
  /// The call is retired, and none of its items is in flight.
  case forget(call: CallID, CallCounts)
  /// There is room for more chunks of the call, whose owner was refused some before.
  case askForMore(call: CallID)
  /// All workers have ended, and no more will be started.
  case stopped
}

/// The flags of a chunk.
struct ChunkHint: Equatable {
  var flushes: Bool
  var claimExponent: UInt8
  var polls: Bool
}

/// The reasons why an item ended that are not the task's.
enum ItemFailure: Equatable {
  case lost(WorkerLoss)
  case timedOut(WorkerLoss, limit: Duration)
  case noWorkers(WorkerStartFailure)
  case terminated
}

/// The known facts about the run of an item that ended without a result.
struct ItemTrace: Equatable {
  /// The step at which it ended, if it is known and items have steps.
  var step: UInt64?
  /// The number of the attempt, from 1.
  var attempt = 1
  /// The maximum time that it can have been running.
  var elapsed = Nanoseconds.zero
  /// Whether the task of its call was being decoded or prepared.
  var isPreparation = false
}

/// The verdict on a worker's frame.
enum Receipt: Equatable {
  /// Deliver the items after the first `skipping`, which are known already.
  case deliver(skipping: Int)
  /// The call is retired, or all items are known already.
  case ignore
  /// The worker was not sent these items, or has answered them before.
  case violation(String)
}
