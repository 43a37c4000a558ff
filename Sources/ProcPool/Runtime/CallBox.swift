import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire
import ProcPoolWorker

/// What has become of some items of a call, on its way from the runtime to the caller.
enum CallNews {
  /// Outputs of consecutive items, encoded.
  case outputs(first: UInt64, count: Int, OutputSlice)
  /// The worker reports that consecutive items failed.
  ///
  /// The errors may hold shared memory that workers have lent.
  case reported(first: UInt64, count: Int, ErrorReport, WorkerID, LentBlocks?)
  /// Consecutive items ended otherwise.
  case failed(first: UInt64, count: Int, ItemTrace, ItemFailure)
  /// The call's time is over: nothing more comes.
  case expired(Duration)
}

/// How outputs lie in a results frame.
enum OutputShape {
  /// Outputs of type `Void`: there is nothing in the body.
  case nothing
  case packed(ItemPacking)

  /// Bytes of the first `count` outputs.
  func length(ofFirst count: Int, in body: UnsafeRawBufferPointer) throws(WireError) -> Int {
    switch self {
    case .nothing: 0
    case .packed(let packing): try packing.length(ofFirst: count, in: body)
    }
  }
}

/// A call, as far as the runtime knows it: bytes in, bytes out.
///
/// - Because `@unchecked Sendable`: the constants are shared freely, all else belongs to the pool's lock.
final class CallBox: @unchecked Sendable {
  let id: CallID
  let task: any Any.Type
  var taskType: ObjectIdentifier { ObjectIdentifier(task) }
  /// The frame that tells a worker the task.
  let callFrame: FrameMemory
  /// By which workers that keep the task are found; `nil` if it is not to be kept.
  let taskKey: TaskKey?
  /// The number of the task, once it has been sent; 0 if it is not to be kept.
  var taskNumber: UInt64 = 0
  /// A worker has got the bytes of the task, and one has reported that preparing them took long.
  var wasSentWhole = false
  var wasReported = false
  let outputs: OutputShape
  /// Shared memory that workers have lent with outputs or errors. Under the pool's lock, if there is none at first.
  private(set) var lent: LentBlocks?

  /// For a call of one item: takes its news, once, outside the lock.
  var completion: (@Sendable (_ call: CallID, CallNews) -> Void)?
  /// Bytes of an output, by the last ones.
  var outputLength: Int

  var news: [CallNews] = []
  /// The caller, if it is waiting for news or for room.
  var waiter: UnsafeContinuation<Void, Never>?
  /// There is something that the caller has not seen and is to look at.
  var hasChanged = false
  /// The caller has no more inputs: it need not look before all items have ended, or one has failed.
  var waitsForEnd = false
  /// Bytes of outputs for which a caller was not woken who waits for the end.
  var unseenBytes = 0
  /// Items that have failed, and bytes of outputs.
  var failures: UInt64 = 0
  var bytesReceived: UInt64 = 0
  let start: CallStart?
  let followsClosely: Bool

  /// So many bytes of outputs are worth waking the caller for, who copies or decodes them while more come:
  /// that takes longer than waking up does.
  static let worthWaking = 1 << 16

  /// What there was when a call began.
  struct Beginning {
    /// `nil` for a call of one item.
    var start: CallStart?
    /// It began right after another had ended, as in a loop whose parallel part it is.
    var followsClosely: Bool
    /// Bytes of an output, by those of the last call of its kind.
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

  /// Takes what has happened since the last time.
  func takeNews() -> [CallNews] {
    defer {
      news = []
      unseenBytes = 0
      hasChanged = false
    }
    return news
  }

  /// Where shared memory goes that a worker lends: where outputs hold none, with an error, which is rare.
  func lentBlocks() -> LentBlocks {
    let lent = self.lent ?? LentBlocks()
    self.lent = lent
    return lent
  }
}
