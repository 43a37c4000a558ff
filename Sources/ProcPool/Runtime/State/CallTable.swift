import ProcPoolProtocol

/// The calls that a pool runs, as bytes, and what is known of the kinds of calls that it has run.
struct CallTable {
  private var boxes: [CallID: CallBox] = [:]
  /// Of those the calls of several items that their callers still want something of.
  private(set) var long: [CallID: CallBox] = [:]
  /// When the last call of several items ended; 0 before there was one.
  var lastEnd: Int64 = 0
  /// What an item of the last call took, by task type, in nanoseconds, and the bytes of its output.
  private var known: [ObjectIdentifier: (itemTime: Double, outputLength: Int)] = [:]
  /// How callers fare that poll for the answers of single applications, by task type.
  private var polling: [ObjectIdentifier: PollingRecord] = [:]

  var count: Int { boxes.count }

  subscript(call: CallID) -> CallBox? { boxes[call] }

  mutating func add(_ box: CallBox, isSingle: Bool) {
    boxes[box.id] = box
    if !isSingle { long[box.id] = box }
  }

  /// The scheduler has forgotten the call.
  mutating func remove(_ call: CallID) -> CallBox? { boxes.removeValue(forKey: call) }

  /// The caller of a call of several items wants nothing more of it.
  mutating func retire(_ box: CallBox) { long[box.id] = nil }

  /// What items of this type of task took last time.
  func expectation(of task: any Any.Type) -> (itemTime: Double, outputLength: Int) {
    known[ObjectIdentifier(task)] ?? (0, 0)
  }

  /// Keeps what items of a call took for the next call of its kind.
  mutating func remember(_ box: CallBox, itemTime: Double) {
    known[box.taskType] = (itemTime, box.outputLength)
  }

  mutating func mayPoll(_ task: ObjectIdentifier) -> Bool {
    polling[task, default: PollingRecord()].mayPoll()
  }

  mutating func notePoll(_ task: ObjectIdentifier, isHit: Bool) {
    polling[task, default: PollingRecord()].note(isHit: isHit)
  }
}
