import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// One call of a verb, on its caller's side: encodes inputs, decodes outputs, and counts items.
///
/// Used by one caller at a time.
final class TypedCall<T: PoolTask> {
  let runtime: PoolRuntime
  let box: CallRecord
  let decoder: OutputDecoder<T.Output>
  private let codec = ItemCodec<T.Input>.resolve()
  private let chunkSize: Int?
  private let parts: ReductionParts?
  private let progress: ProgressReporter?
  /// The end of the call's time, on the monotonic clock, and its length.
  private let deadline: (instant: Int64, limit: Duration)?
  /// An incomplete chunk of a given size, whose inputs took long to arrive.
  private var open: ChunkWriter<T.Input>?
  private var openCount = 0

  /// The number of items submitted to the pool, or failed before that.
  private(set) var submitted = 0
  /// The number of these that have ended.
  private(set) var ended = 0
  private var failures = 0
  /// The error of a call whose deadline has passed; no more news follows.
  private(set) var expired: PoolError?
  /// The reason why the pool runs no more items, if there is one.
  private(set) var poolEnd: PoolError?
  /// When a loop over results was first requested to stop.
  private var stop: Int64?
  private var slice = TimeSlice()
  /// Whether the last inputs took long to arrive or to encode: at most ``fewInputs`` in a time
  /// slice.
  private(set) var wasSlow = false
  private static var fewInputs: Int { 64 }
  /// How long arrived results are still decoded after the end of the call, in nanoseconds.
  var patience: Int64 = 0
  /// Whether the source has no more inputs.
  private var isExhausted = false
  private var isRetired = false

  /// - Parameter parts: how items are composed of the caller's inputs; `nil` if each input is an
  ///   item.
  init(
    _ task: T, runtime: PoolRuntime, _ options: CallOptions, parts: ReductionParts? = nil
  ) throws {
    let limits = CallLimits(options)
    require(options.chunkSize ?? 1 >= 1, "chunkSize must be at least 1, not \(options.chunkSize!)")
    let chunkSize = options.chunkSize.map { min($0, Pacing.maximumChunk) }
    let decoder = OutputDecoder(T._makeOutputCodec())
    let body = try runtime.times.measure(.encoding) {
      try EncodedTask(task, for: runtime.settings)
    }
    runtime.times.count(copied: body.bytesCopied)
    guard
      let box = runtime.begin(
        body, limits, outputs: decoder.shape, lent: decoder.lent, chunkSize: chunkSize)
    else { throw runtime.closedError }
    self.runtime = runtime
    self.box = box
    self.decoder = decoder
    self.parts = parts
    self.progress = options.progress.map { ProgressReporter($0, errors: runtime.errors) }
    self.chunkSize = chunkSize
    deadline = limits.deadline.map { (MonotonicClock.now().addingSaturating(max(0, $0.nanoseconds)), $0) }
  }

  deinit {
    retire()
  }

  /// Retires the call because the caller wants nothing more; unstarted items are taken back.
  func retire() {
    if isRetired { return }
    isRetired = true
    progress?.finish(isWhole: isComplete && isExhausted)
    runtime.retire(box)
  }

  var isComplete: Bool { ended == submitted }

  /// The number of inputs taken: submitted to the pool, or waiting for their chunk to be complete.
  var taken: Int { submitted + openCount }

  /// The reason why an unfinished item has no result after the end of the call.
  func endOfUnfinished(_ item: Int) -> PoolError {
    expired ?? poolEnd ?? .cancelled(itemID(UInt64(item)))
  }

  /// Whether a loop that runs the caller's own code must stop: the Swift task was cancelled, or the
  /// deadline has passed.
  ///
  /// - Complexity: O(1), some nanoseconds to read the coarse clock.
  func mustStop() -> Bool {
    if let stop, patience == 0 || MonotonicClock.now() - stop >= patience { return true }
    guard stop == nil, slice.isOver else { return false }
    slice = TimeSlice()
    let now = MonotonicClock.now()
    if let deadline, now >= deadline.instant { expired = .deadlineExceeded(limit: deadline.limit) }
    if expired != nil || Task.isCancelled { stop = now }
    return stop != nil && patience == 0
  }

  /// The item as the caller counts items, without parts: its step, or else its first input.
  func itemID(_ item: UInt64, step: UInt64? = nil) -> ItemID {
    ItemID(call: box.id, index: Int(clamping: step ?? parts?.start(of: item) ?? item))
  }

  /// Takes the news, and submits inputs to the pool.
  ///
  /// - Parameters:
  ///   - limit: the maximum number of items in the pool or held by the caller.
  ///   - held: the number of items that the caller holds.
  ///   - handle: called with the news, in chronological order.
  /// - Returns: whether the pool accepts more inputs immediately: long or slow inputs are taken one
  ///   by one, and another worker may wait for the next.
  func exchange(
    _ source: inout some InputSource<T.Input>, submits: Bool, limit: Int = .max,
    held: @autoclosure () -> Int = 0, _ handle: (ItemNews) -> Void
  ) throws -> Bool {
    try runtime.requireOwnProcess()
    let (news, demand, outputLength, poolEnd) = runtime.exchange(box, chunkSize: chunkSize)
    if !news.isEmpty { runtime.times.measure(.decoding) { for one in news { take(one, handle) } } }
    defer { noteProgress(source) }
    wasSlow = false
    self.poolEnd = poolEnd
    guard submits, demand.items > 0, !source.isExhausted, expired == nil, poolEnd == nil else {
      return false
    }
    // Evaluated here because the news has changed the number of held items.
    let submission = Submission(
      demand, chunkSize: chunkSize,
      .init(limit: limit, held: held(), inPool: submitted - ended, remaining: source.remaining),
      workers: runtime.settings.workers,
      // Inputs that are plain memory are gathered all at once, so their number is limited here.
      most: codec.blockStride > 0 ? 4 * Pacing.windowBytes / codec.blockStride : .max)
    guard submission.count > 0 else { return false }
    return try submit(&source, submission, demand, outputLength: outputLength, handle)
  }

  private func noteProgress(_ source: some InputSource<T.Input>) {
    guard let progress else { return }
    isExhausted = source.isExhausted
    // Parts are of similar size, so it does not matter which of them have ended.
    func inputs(_ items: Int) -> Int { parts.map { Int($0.start(of: UInt64(items))) } ?? items }
    let total = parts?.inputs ?? source.remaining.map { taken + $0 }
    progress.note(done: inputs(ended), total: total, failures: failures)
  }

  /// Submits inputs to the pool.
  ///
  /// - Returns: whether it stopped early, because the inputs are many bytes or took long to arrive.
  private func submit(
    _ source: inout some InputSource<T.Input>, _ submission: Submission, _ demand: Demand,
    outputLength: Int, _ handle: (ItemNews) -> Void
  ) throws -> Bool {
    var writer =
      open.take()
      ?? ChunkWriter<T.Input>(
        codec: codec, call: box.id, first: UInt64(submitted),
        ChunkLimits(
          items: submission.chunkSize, isAutomatic: chunkSize == nil,
          maximumBody: runtime.settings.maximumPayload),
        lane: runtime.inputs)
    let count = submission.count - openCount
    submitted += openCount
    openCount = 0
    let slice = TimeSlice()
    let isCutShort = try runtime.times.measure(.encoding) {
      try source.fill(&writer, count: count, isBlock: codec.blockStride > 0, until: slice)
    }
    wasSlow = isCutShort && Int(writer.next) - submitted < Self.fewInputs && slice.isOver
    submitted = Int(writer.next)
    for (item, error) in writer.takeFailures() {
      ended += 1
      failures += 1
      let failure = CodingFailure(
        item: itemID(item), value: .input, isEncoding: true,
        message: LocalizedDescription.words(for: error))
      handle(.failure(item: item, .notCodable(failure)))
    }
    // A chunk of a given size is completed, however long its inputs take to arrive. In the
    // meantime, results are yielded.
    if isCutShort, chunkSize != nil, writer.openCount > 0, !source.isExhausted {
      openCount = writer.openCount
      submitted -= openCount
      if !writer.hasChunks {
        open = consume writer
        return true
      }
      open = writer.takeOpen()
    }
    // Chunks with long outputs are not joined, because each has its own room.
    var chunks = writer.finish(together: outputLength < PayloadMemory.shortest ? demand.together : 1)
    runtime.giveRoom(to: &chunks, outputLength: outputLength)
    runtime.times.count(copied: chunks.reduce(0) { $0 + $1.payload.byteCount })
    if source.isExhausted, box.followsClosely { for chunk in chunks { chunk.payload.noteAwaitsCall() } }
    runtime.submit(chunks)
    return isCutShort
  }

  private func take(_ news: CallNews, _ handle: (ItemNews) -> Void) {
    switch news {
    case .outputs(let first, let count, let slice):
      ended += count
      runtime.times.count(copied: slice.count)
      handle(.outputs(first: first, count: count, slice))
    case .reported(let first, let count, let report, let worker, let lent):
      ended += count
      failures += count
      for item in first..<first + UInt64(count) {
        handle(
          .failure(item: item, PoolError(report, item: itemID(item, step: report.step), worker: worker, lent))
        )
      }
    case .failed(let first, let count, let trace, let failure):
      ended += count
      failures += count
      for item in first..<first + UInt64(count) {
        handle(.failure(item: item, PoolError(failure, item: itemID(item, step: trace.step), trace)))
      }
    case .expired(let limit): expired = .deadlineExceeded(limit: limit)
    }
  }

  /// Waits for news.
  ///
  /// - Parameter untilEnd: whether only the last outputs, or a failure, wake the caller.
  func wait(untilEnd: Bool = false, isolation: isolated (any Actor)?) async {
    // A caller that reports progress needs every result.
    await runtime.wait(
      for: box, key: ObjectIdentifier(T.self), untilEnd: untilEnd && progress == nil,
      isolation: isolation)
  }
}

/// The end of items, for the verb.
enum ItemNews {
  /// Outputs of consecutive items.
  case outputs(first: UInt64, count: Int, OutputSlice)
  case failure(item: UInt64, PoolError)
}

extension PoolRuntime {
  /// The reason why no call can begin.
  var closedError: PoolError {
    if isInCopy { return .otherProcess(origin) }
    return state.withLock { $0.isTerminated ? .terminated : .closed }
  }
}

extension PoolError {
  /// Creates the error for a worker's report of an item.
  ///
  /// - Parameter lent: the shared memory that the error may hold.
  init(_ report: ErrorReport, item: ItemID, worker: WorkerID, _ lent: LentBlocks?) {
    switch report.reason {
    case .threw, .preparationThrew:
      let (error, failure) = Self.underlying(report, lent)
      self = .taskFailed(
        TaskFailure(
          item: item, worker: worker, isPreparation: report.reason == .preparationThrew,
          typeName: report.typeName,
          message: report.message, underlying: error, underlyingFailure: failure))
    case .inputUndecodable:
      self = .notCodable(
        CodingFailure(item: item, value: .input, isEncoding: false, message: report.message))
    case .outputUnencodable:
      self = .notCodable(
        CodingFailure(item: item, value: .output, isEncoding: true, message: report.message))
    case .taskUnavailable: self = .taskUnavailable(report.message)
    }
  }

  /// The error that a worker sent, or the reason why there is none.
  private static func underlying(
    _ report: ErrorReport, _ lent: LentBlocks?
  ) -> (error: (any Error)?, failure: String?) {
    guard let (name, bytes) = report.value else { return (nil, report.valueFailure) }
    guard let type = _typeByName(name) as? any (Error & Decodable).Type else {
      return (nil, "this program has no such type; link the module that declares \(report.typeName) into it")
    }
    do {
      return (try SharedScope(lent: lent).enter { try WireCoding.decode(type, from: bytes) }, nil)
    } catch {
      return (nil, "it cannot be decoded: \(LocalizedDescription.words(for: error))")
    }
  }

  init(_ failure: ItemFailure, item: ItemID, _ trace: ItemTrace) {
    switch failure {
    case .lost(let loss): self = .workerLost(Autopsy(item, trace, loss))
    case .timedOut(let loss, let limit): self = .timedOut(Autopsy(item, trace, loss), limit: limit)
    case .noWorkers(let failure): self = .workersUnavailable(failure)
    case .terminated: self = .terminated
    }
  }
}
