import ProcPoolSystem

/// The tasks that a worker keeps when their calls have ended, each as `prepare` left it.
///
/// The coordinator gives the numbers and decides what is let go. Its frames come in one order, so a call that is said
/// to start from a kept task was sent before the frame that drops it.
struct KeptTasks {
  /// The calls whose task is kept; they run nothing themselves.
  private var tasks: [UInt64: ServedCall] = [:]
  /// The worker's own memory when it was last measured.
  var memory: MemoryReading?

  /// Makes a call that starts from a copy of the task with this number; `nil` if there is none.
  func makeCall(_ number: UInt64) -> ServedCall? {
    guard !tasks.isEmpty, let call = tasks[number]?.copy() else { return nil }
    // Blocks that come with the call's inputs go with the call. Those in the task are kept by its value.
    call.shared = KeptBlocks()
    return call
  }

  /// Keeps the task of a call as it is now.
  mutating func keep(_ call: ServedCall, as number: UInt64) { tasks[number] = call.copy() }

  mutating func drop(_ number: UInt64) { tasks[number] = nil }
}
