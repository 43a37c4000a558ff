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

/// The target lengths of chunks, and the limits of what is in flight to a worker.
enum Pacing {
  /// The target time of an automatically sized chunk: a third of `window`, so that a worker has its
  /// next chunk while the coordinator handles the results of the previous one.
  static let chunkTime = Nanoseconds(500_000)
  /// The estimated work in flight per worker: about ten round trips, so that the worker does not
  /// run dry, and short enough that the last items are spread evenly.
  static let window = Nanoseconds(1_500_000)
  /// The minimum work that a worker is sent in a turn even if other workers are idle. Writing
  /// another frame and waking another worker takes microseconds, which does not pay off for less.
  static let worthSpreading = Nanoseconds(20_000)
  /// The target time of short chunks that are scheduled together: an eighth of `window`, so that a
  /// worker has several of them queued.
  static let togetherTime = window / 8
  /// The maximum number of items in flight per worker. FIELD measurements level off between 1 024
  /// and 16 384.
  static let windowItems = 1 << 14
  /// The maximum number of bytes in flight per worker, beyond the first chunk: twice the largest
  /// pipe that an unprivileged process may have.
  static let windowBytes = 2 << 20
  /// The maximum number of bytes in an automatically sized chunk: large enough that the cost of a
  /// frame is negligible, small enough that decoding one chunk overlaps with sending the next.
  static let chunkBytes = 1 << 18
  /// The maximum number of items in an automatically sized chunk.
  static let chunkItems = 1 << 17
  /// The maximum number of items in a chunk of any requested size: a frame counts them in 32 bits.
  static let maximumChunk = 1 << 30
  /// A chunk with a longer estimated time is answered as soon as it is done, because a write takes
  /// only some microseconds.
  static let flushTime = Nanoseconds(50_000)
  /// The estimated work that a worker may claim at a time, which cannot be taken back.
  static let claimTime = Nanoseconds(20_000)
}
