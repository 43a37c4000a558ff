import ProcPoolProtocol

/// The calls of a pool in encoded form, and the properties of earlier kinds of calls.
struct CallTable {
  private var boxes: [CallID: CallRecord] = [:]
  /// The calls of several items that are not retired.
  private(set) var long: [CallID: CallRecord] = [:]
  /// When the last call of several items ended; 0 before there was one.
  var lastEnd: Int64 = 0
  /// The time per item of the last call in nanoseconds, and the bytes of an output, by task type.
  private var known: [ObjectIdentifier: (itemTime: Double, outputLength: Int)] = [:]
  /// How polling for answers of single applications has paid off, by task type.
  private var polling: [ObjectIdentifier: PollingRecord] = [:]

  var count: Int { boxes.count }

  subscript(call: CallID) -> CallRecord? { boxes[call] }

  mutating func add(_ box: CallRecord, isSingle: Bool) {
    boxes[box.id] = box
    if !isSingle { long[box.id] = box }
  }

  /// Removes a call that the scheduler has forgotten.
  mutating func remove(_ call: CallID) -> CallRecord? { boxes.removeValue(forKey: call) }

  /// Removes a retired call from the calls of several items.
  mutating func retire(_ box: CallRecord) { long[box.id] = nil }

  /// The expected time and output length of items, from the last call with this type of task.
  func expectation(of task: any Any.Type) -> (itemTime: Double, outputLength: Int) {
    known[ObjectIdentifier(task)] ?? (0, 0)
  }

  /// Remembers the time per item for the next call of this kind.
  mutating func remember(_ box: CallRecord, itemTime: Double) {
    known[box.taskType] = (itemTime, box.outputLength)
  }

  mutating func mayPoll(_ task: ObjectIdentifier) -> Bool {
    polling[task, default: PollingRecord()].mayPoll()
  }

  mutating func notePoll(_ task: ObjectIdentifier, isHit: Bool) {
    polling[task, default: PollingRecord()].note(isHit: isHit)
  }
}
