import ProcPoolProtocol

/// Consecutive items of one call, on their way to a worker or in it: a chunk as the caller sees it, or several
/// short ones, which are moved about together and travel in a frame each.
struct Chunk<Payload: ChunkPayload> {
  let call: CallID
  /// The index of the first item.
  let first: ItemIndex
  /// Items, at least one.
  var count: Int
  var payload: Payload
  /// The worker that must run it; `nil` where any may.
  var seat: WorkerID?
  /// Items at the front that have ended. Their inputs are still in `payload`.
  var done = 0
  /// Estimated work when it was sent, so far.
  var cost = Nanoseconds.zero
  /// When the scheduler got it, or got it back.
  var accepted = Instant.start
  /// Which attempt at its items this is; beyond the first, a chunk has one item.
  var attempt: Int
  /// How many of the attempts before this one have thrown; the others have lost their worker.
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

  /// Items that have not ended.
  var remaining: Int { count - done }

  /// What is left to do, as a chunk to be sent again: without the first `items` and those that have ended.
  func rest(without items: Int = 0) -> Chunk {
    let gone = done + items
    if gone == 0 && !isCut { return self }
    return Chunk(
      call: call, first: first + gone, count: count - gone, payload: payload.items(gone..<count),
      seat: seat, attempt: attempt)
  }

  /// The first items, and what comes after them, as chunks to be sent. Of a chunk of which nothing has ended.
  func split(after items: Int) -> (first: Chunk, rest: Chunk) {
    let first = Chunk(
      call: call, first: first, count: items, payload: payload.items(0..<items), seat: seat, attempt: attempt)
    return (first, rest(without: items))
  }

  /// The first items that have not ended, each by itself, to be begun once more.
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

/// The encoded inputs of a chunk, as far as the scheduler is concerned.
protocol ChunkPayload {
  /// Bytes on the wire.
  var byteCount: Int { get }
  /// How many frames they are in, each of them a chunk to the worker.
  var frameCount: Int { get }
  /// Some of the inputs, the first being 0. Rare: after a loss or a take-back.
  func items(_ range: Range<Int>) -> Self
}

extension ChunkPayload {
  var frameCount: Int { 1 }
}

/// How long chunks should be, and how much a worker should have before it.
enum Pacing {
  /// What a chunk of automatic size should take: half of `window`, so that a worker has the next chunk while
  /// the coordinator handles the results of the last. Nanoseconds.
  static let chunkTime = Nanoseconds(500_000)
  /// Estimated work in flight per worker, in nanoseconds: some ten times what a round trip takes, so that the
  /// worker does not run dry, and short enough that the last items are spread evenly.
  static let window = Nanoseconds(1_500_000)
  /// What a worker is given in a turn although others have nothing to do, in nanoseconds of estimated work: to
  /// write one more frame and to wake one more worker up takes microseconds, which less work would not pay for.
  static let worthSpreading = Nanoseconds(20_000)
  /// What short chunks of given size are moved about together should take: an eighth of `window`, so that a
  /// worker has several before it. Nanoseconds.
  static let togetherTime = window / 8
  /// Items in flight per worker, at the most: FIELD measurements level off between 1 024 and 16 384.
  static let windowItems = 1 << 14
  /// Bytes in flight per worker, beyond the first chunk: what fits the largest pipe an unprivileged process
  /// may have, and as much again.
  static let windowBytes = 2 << 20
  /// Bytes of a chunk of automatic size: large enough that a frame costs nothing beside its body, small
  /// enough that decoding one chunk overlaps with sending the next.
  static let chunkBytes = 1 << 18
  /// Items in a chunk of automatic size, at the most.
  static let chunkItems = 1 << 17
  /// Items in a chunk, however many are asked for: a frame counts them in 32 bits.
  static let maximumChunk = 1 << 30
  /// A chunk that is estimated to take longer than this is answered as soon as it is done, since a write
  /// (some microseconds) costs little beside it. Nanoseconds.
  static let flushTime = Nanoseconds(50_000)
  /// What a worker may claim at a time, in nanoseconds of estimated work: it cannot be taken back.
  static let claimTime = Nanoseconds(20_000)
}
