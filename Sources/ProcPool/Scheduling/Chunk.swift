import ProcPoolProtocol

/// Consecutive items of one call, pending or sent to a worker: a chunk as the caller sees it, or
/// several short ones, which are scheduled together but travel in separate frames.
struct Chunk<Payload: ChunkPayload> {
  let call: CallID
  /// The index of the first item.
  let first: ItemIndex
  /// The number of items, at least one.
  var count: Int
  var payload: Payload
  /// The worker that must run the chunk; `nil` if any may.
  var seat: WorkerID?
  /// The number of items at the front that have ended. Their inputs are still in `payload`.
  var done = 0
  /// The estimated work when the chunk was sent.
  var cost = Nanoseconds.zero
  /// When the scheduler accepted the chunk, or took it back.
  var accepted = Instant.start
  /// The number of this attempt, from 1. Chunks of later attempts have one item.
  var attempt: Int
  /// How many of the earlier attempts have thrown. The others have lost their worker.
  var throwCount = 0

  init(call: CallID, first: ItemIndex, count: Int, payload: Payload, seat: WorkerID? = nil, attempt: Int = 1)
  {
    self.attempt = attempt
    self.call = call
    self.first = first
    self.count = count
    self.payload = payload
    self.seat = seat
  }

  /// Whether `payload` holds more than `count` items, because the last ones were taken back.
  var isCut = false

  /// The number of items that have not ended.
  var remaining: Int { count - done }

  /// The remaining items as a chunk to be sent again: without the ended items and the next `items`.
  func rest(without items: Int = 0) -> Chunk {
    let gone = done + items
    if gone == 0 && !isCut { return self }
    return Chunk(
      call: call, first: first + gone, count: count - gone, payload: payload.items(gone..<count),
      seat: seat, attempt: attempt)
  }

  /// Splits a chunk, none of whose items has ended, into its first items and the rest.
  func split(after items: Int) -> (first: Chunk, rest: Chunk) {
    let first = Chunk(
      call: call, first: first, count: items, payload: payload.items(0..<items), seat: seat, attempt: attempt)
    return (first, rest(without: items))
  }

  /// The first items that have not ended, as single-item chunks of the next attempt.
  func attempts(ofFirst items: Int) -> [Chunk] {
    (done..<done + items).map { item in
      var chunk = Chunk(
        call: call, first: first + item, count: 1, payload: payload.items(item..<item + 1),
        seat: seat, attempt: attempt + 1)
      chunk.throwCount = throwCount
      return chunk
    }
  }
}

/// The encoded inputs of a chunk, from the scheduler's point of view.
protocol ChunkPayload {
  /// The length on the wire in bytes.
  var byteCount: Int { get }
  /// The number of frames; to the worker, each is a chunk.
  var frameCount: Int { get }
  /// A range of the inputs, counted from 0. Rarely called: after a loss or a take-back.
  func items(_ range: Range<Int>) -> Self
}

extension ChunkPayload {
  var frameCount: Int { 1 }
}
