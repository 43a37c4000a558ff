import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire
import ProcPoolWorker

/// The end of some items of a call, as reported to the caller.
enum CallNews {
  /// Outputs of consecutive items, encoded.
  case outputs(first: UInt64, count: Int, OutputSlice)
  /// The worker reports that consecutive items failed.
  ///
  /// The errors may hold shared memory that workers have lent.
  case reported(first: UInt64, count: Int, ErrorReport, WorkerID, LentBlocks?)
  /// Consecutive items ended for another reason.
  case failed(first: UInt64, count: Int, ItemTrace, ItemFailure)
  /// The call's deadline has passed; no more news follows.
  case expired(Duration)
}

/// The layout of outputs in a results frame.
enum OutputShape {
  /// Outputs of type `Void`: the body is empty.
  case nothing
  case packed(ItemPacking)

  /// The length of the first `count` outputs in bytes.
  func length(ofFirst count: Int, in body: UnsafeRawBufferPointer) throws(WireError) -> Int {
    switch self {
    case .nothing: 0
    case .packed(let packing): try packing.length(ofFirst: count, in: body)
    }
  }
}

/// A call from the runtime's point of view: encoded inputs and outputs.
// Safety: `@unchecked Sendable` because the constants are immutable, and everything else is guarded
// by the pool's lock.
final class CallRecord: @unchecked Sendable {
  let id: CallID
  let task: any Any.Type
  var taskType: ObjectIdentifier { ObjectIdentifier(task) }
  /// The frame that sends the task to a worker.
  let callFrame: FrameMemory
  /// The key by which workers that keep the task are found; `nil` if it is not to be kept.
  let taskKey: TaskKey?
  /// The number of the task, once it has been sent; 0 if it is not to be kept.
  var taskNumber: UInt64 = 0
  /// Whether the bytes of the task were sent to a worker, and whether a worker has reported a long
  /// preparation.
  var wasSentWhole = false
  var wasReported = false
  let outputs: OutputShape
  /// Shared memory that workers have lent with outputs or errors. If initially `nil`, it is guarded
  /// by the pool's lock.
  private(set) var lent: LentBlocks?

  /// Handles the news of a single-item call, once and outside the lock.
  var completion: (@Sendable (_ call: CallID, CallNews) -> Void)?
  /// The expected length of an output in bytes, estimated from the last ones.
  var outputLength: Int

  var news: [CallNews] = []
  /// The continuation of the caller, if it waits for news or for room.
  var waiter: UnsafeContinuation<Void, Never>?
  /// Whether there is news or room that the caller has not checked yet.
  var hasChanged = false
  /// Whether the caller has no more inputs, so that it need not wake before all items have ended or
  /// one has failed.
  var waitsForEnd = false
  /// Bytes of outputs for which a caller that waits for the end was not woken.
  var unseenBytes = 0
  /// The number of failed items, and of bytes of outputs.
  var failures: UInt64 = 0
  var bytesReceived: UInt64 = 0
  let start: CallStart?
  let followsClosely: Bool

  /// The number of bytes of outputs for which the caller is woken, so that it copies or decodes
  /// them while others arrive: that takes longer than waking up.
  static let worthWaking = 1 << 16

  /// The circumstances at the start of a call.
  struct Beginning {
    /// `nil` for a single-item call.
    var start: CallStart?
    /// Whether the call began right after another had ended, like the parallel part of a loop.
    var followsClosely: Bool
    /// The length of an output in bytes, from the last call of this kind.
    var outputLength: Int
  }

  init(
    id: CallID, task: EncodedTask, outputs: OutputShape, lent: LentBlocks?, _ beginning: Beginning,
    completion: (@Sendable (_ call: CallID, CallNews) -> Void)? = nil
  ) {
    self.id = id
    self.task = task.type
    taskKey = task.key
    start = beginning.start
    followsClosely = beginning.followsClosely
    outputLength = beginning.outputLength
    self.completion = completion
    callFrame = task.frame
    callFrame.number(call: id)
    self.outputs = outputs
    self.lent = lent
  }

  /// Takes the news since the last time.
  func takeNews() -> [CallNews] {
    defer {
      news = []
      unseenBytes = 0
      hasChanged = false
    }
    return news
  }

  /// The shared memory that workers lend for the call. It is created late for calls whose outputs
  /// hold none, because only errors, which are rare, can have some.
  func lentBlocks() -> LentBlocks {
    let lent = self.lent ?? LentBlocks()
    self.lent = lent
    return lent
  }
}
