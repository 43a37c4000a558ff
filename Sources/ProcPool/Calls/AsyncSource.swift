import Synchronization

/// Inputs from an asynchronous sequence, fetched ahead by a Swift task of their own, so that results go on
/// arriving while the sequence makes its next element.
struct AsyncSource<Input: Codable & Sendable>: InputSource {
  private let buffer: AsyncInputs<Input>
  private let feeder: Feeder
  private let kept: KeptInputs<Input>?
  /// What has been taken out of the buffer, and how much of that was added to chunks.
  private var batch: [Input] = []
  private var added = 0

  /// Ends the fetching when nobody holds the source any more.
  private final class Feeder: Sendable {
    private let task: Task<Void, Never>
    init(_ task: Task<Void, Never>) { self.task = task }
    deinit { task.cancel() }
  }

  /// - Parameters:
  ///   - capacity: how many inputs may have been fetched and not been taken.
  ///   - kept: where inputs are kept when they are taken, if they are.
  ///   - onArrival: called when inputs have come after there were none, or the last has.
  init<Inputs: AsyncSequence & Sendable>(
    _ inputs: Inputs, capacity: Int, kept: KeptInputs<Input>? = nil, onArrival: @escaping @Sendable () -> Void
  ) where Inputs.Element == Input {
    self.kept = kept
    let buffer = AsyncInputs<Input>(capacity: capacity, onArrival: onArrival)
    self.buffer = buffer
    feeder = Feeder(
      Task {
        do {
          for try await input in inputs {
            guard await buffer.append(input) else { return }
          }
          buffer.finish(nil)
        } catch {
          buffer.finish(error)
        }
      })
  }

  var remaining: Int? { nil }
  var isExhausted: Bool { added == batch.count && buffer.isExhausted }

  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) throws -> Bool {
    if added == batch.count {
      batch = try buffer.take(count, multipleOf: writer.exactChunkSize)
      added = 0
      kept?.append(batch)
    }
    let end = added + min(count, batch.count - added)
    let first = added
    // The encoder is the caller's own code, perhaps.
    while added < end, added == first || !slice.isOver {
      writer.append(batch[added])
      added += 1
    }
    if added < batch.count { return added < end }
    batch = []
    added = 0
    return false
  }
}

/// The inputs that have been fetched and not been taken.
private final class AsyncInputs<Input: Sendable>: Sendable {
  private struct State {
    var inputs = Deque<Input>()
    var isFinished = false
    var error: (any Error)?
    var producer: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let onArrival: @Sendable () -> Void

  init(capacity: Int, onArrival: @escaping @Sendable () -> Void) {
    self.capacity = capacity
    self.onArrival = onArrival
  }

  var isExhausted: Bool { state.withLock { $0.isFinished && $0.inputs.isEmpty && $0.error == nil } }

  /// Adds an input, and waits while there are many.
  ///
  /// - Returns: `false` when no more are wanted.
  func append(_ input: Input) async -> Bool {
    state.withLock { $0.inputs.append(input) }
    // Every time, and not only after there were none: whoever takes whole chunks may have left some.
    onArrival()
    return await withTaskCancellationHandler {
      // Unsafe because a checked continuation allocates; `take` or the cancellation resumes it, once.
      await withUnsafeContinuation { continuation in
        let hasRoom = state.withLock { state in
          if state.inputs.count < capacity || Task.isCancelled { return true }
          state.producer = continuation
          return false
        }
        if hasRoom { continuation.resume() }
      }
      return !Task.isCancelled
    } onCancel: {
      resumeProducer()
    }
  }

  private func resumeProducer() {
    let producer = state.withLock { state in
      defer { state.producer = nil }
      return state.producer
    }
    producer?.resume()
  }

  func finish(_ error: (any Error)?) {
    state.withLock { state in
      state.isFinished = true
      state.error = error
    }
    onArrival()
  }

  /// Takes up to `count` inputs, of those that are to go in chunks of a given size only whole chunks until
  /// the last.
  ///
  /// - Throws: the sequence's error, once all inputs before it have been taken.
  func take(_ count: Int, multipleOf size: Int?) throws -> [Input] {
    let (taken, error) = state.withLock { state -> ([Input], (any Error)?) in
      var available = min(count, state.inputs.count)
      if let size, !state.isFinished || count < state.inputs.count { available = available / size * size }
      var taken: [Input] = []
      taken.reserveCapacity(available)
      for _ in 0..<available { taken.append(state.inputs.popFirst()!) }
      guard state.inputs.isEmpty, taken.isEmpty, let error = state.error else { return (taken, nil) }
      state.error = nil
      return ([], error)
    }
    if let error { throw error }
    if !taken.isEmpty { resumeProducer() }
    return taken
  }
}
