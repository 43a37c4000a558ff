import Synchronization

/// Inputs from an asynchronous sequence, prefetched by a separate Swift task, so that results
/// continue to arrive while the sequence makes its next element.
struct AsyncSource<Input: Codable & Sendable>: InputSource {
  private let buffer: AsyncInputs<Input>
  private let feeder: Feeder
  private let kept: KeptInputs<Input>?
  /// The inputs taken out of the buffer, and how many of them were added to chunks.
  private var batch: [Input] = []
  private var added = 0

  /// Ends the prefetching when the source is released.
  private final class Feeder: Sendable {
    private let task: Task<Void, Never>
    init(_ task: Task<Void, Never>) { self.task = task }
    deinit { task.cancel() }
  }

  /// - Parameters:
  ///   - capacity: the maximum number of prefetched inputs.
  ///   - kept: where inputs are kept when they are taken, if they are.
  ///   - onArrival: called when inputs have arrived, or the sequence has ended.
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
    // Checked per element, because the encoder may be the caller's own code.
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

/// The inputs that have been prefetched but not taken.
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

  /// Adds an input, and waits while the buffer is full.
  ///
  /// - Returns: `false` when no more inputs are needed.
  func append(_ input: Input) async -> Bool {
    state.withLock { $0.inputs.append(input) }
    // For every input, not only the first in an empty buffer: a consumer of whole chunks may have
    // left some.
    onArrival()
    return await withTaskCancellationHandler {
      // Safety: the continuation is resumed once, by `take` or the cancellation. A checked one
      // would allocate.
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

  /// Takes up to `count` inputs. If chunks have a given size, takes only whole chunks until the
  /// end.
  ///
  /// - Throws: the sequence's error, once all earlier inputs have been taken.
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
