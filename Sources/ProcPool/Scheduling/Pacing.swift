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
  /// The maximum number of items in flight per worker. Measured rates level off between 1 024
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
