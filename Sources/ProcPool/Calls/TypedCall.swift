import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker
import Synchronization

/// One call of a verb, on its caller's side: encodes inputs, decodes outputs, and knows how many are where.
///
/// Used by one caller at a time.
final class TypedCall<Task: PoolTask> {
  let runtime: PoolRuntime
  let box: CallBox
  let decoder: OutputDecoder<Task.Output>
  private let codec = ItemCodec<Task.Input>.resolve()
  private let chunkSize: Int?
  private let parts: PartSizes?
  private let progress: ProgressReporter?

  /// Items handed to the pool, or failed before that.
  private(set) var submitted = 0
  /// Of these, how many have ended.
  private(set) var ended = 0
  private var failures = 0
  /// The time that the call had, once it is over: nothing more comes.
  private(set) var expired: PoolError?
  /// The source has given all it had.
  private var isExhausted = false
  private var isRetired = false

  /// - Parameter parts: how the caller's inputs make up the items; `nil` if they are the items.
  init(
    _ task: Task, runtime: PoolRuntime, chunkSize: Int?, _ limits: CallLimits, progress: ProgressReport?,
    parts: PartSizes? = nil
  ) throws {
    precondition(chunkSize ?? 1 >= 1, "chunkSize must be at least 1, not \(chunkSize!)")
    let chunkSize = chunkSize.map { min($0, Pacing.maximumChunk) }
    let decoder = OutputDecoder(Task._makeOutputCodec())
    let body = try runtime.times.measure(.encoding) {
      try TaskMessage(task, limit: runtime.settings.maximumPayload)
    }
    runtime.times.count(copied: body.bytesCopied)
    guard
      let box = runtime.begin(
        Task.self, limits, outputs: decoder.shape, lent: decoder.lent, chunkSize: chunkSize,
        callFrame: { body.frame(call: $0) })
    else { throw runtime.closedError }
    self.runtime = runtime
    self.box = box
    self.decoder = decoder
    self.parts = parts
    self.progress = progress.map { ProgressReporter($0) }
    self.chunkSize = chunkSize
  }

  deinit {
    retire()
  }

  /// The caller wants no more: what has not started is taken back.
  func retire() {
    if isRetired { return }
    isRetired = true
    progress?.finish(isWhole: isComplete && isExhausted)
    runtime.retire(box)
  }

  var isComplete: Bool { ended == submitted }

  /// The item as the caller counts, who knows nothing of parts: its step, or else its first one.
  func taskID(_ item: UInt64, step: UInt64? = nil) -> TaskID {
    TaskID(call: box.id, item: Int(clamping: step ?? parts?.start(of: item) ?? item))
  }

  /// Takes what has happened, and hands the pool what it wants.
  ///
  /// - Parameters:
  ///   - limit: how many items may be in the pool at the most.
  ///   - handle: gets the news, in the order in which it happened.
  /// - Returns: whether the pool wants more at once: long inputs are taken one by one, and another worker may
  ///   wait for the next.
  func exchange(
    _ source: inout some InputSource<Task.Input>, submits: Bool, limit: @autoclosure () -> Int = .max,
    _ handle: (ItemNews) -> Void
  ) throws -> Bool {
    let (news, appetite, outputLength) = runtime.exchange(box, chunkSize: chunkSize)
    if !news.isEmpty { runtime.times.measure(.decoding) { for one in news { take(one, handle) } } }
    defer { noteProgress(source) }
    guard submits, appetite.items > 0, !source.isExhausted, expired == nil else { return false }
    // The limit only now: the news has changed what the caller holds.
    return try submit(&source, appetite, outputLength: outputLength, limit: limit(), handle)
  }

  private func noteProgress(_ source: some InputSource<Task.Input>) {
    guard let progress else { return }
    isExhausted = source.isExhausted
    // Parts are much alike, so that it does not matter which of them have ended.
    func inputs(_ items: Int) -> Int { parts.map { Int($0.start(of: UInt64(items))) } ?? items }
    let total: Int? =
      if case .even(let inputs, _) = parts { inputs } else { source.remaining.map { submitted + $0 } }
    progress.note(done: inputs(ended), total: total, failures: failures)
  }

  /// Hands the pool the inputs that it wants, so that no more than `limit` are in it.
  ///
  /// - Returns: whether there were so many bytes that it stopped before.
  private func submit(
    _ source: inout some InputSource<Task.Input>, _ appetite: Appetite, outputLength: Int,
    limit: Int, _ handle: (ItemNews) -> Void
  ) throws -> Bool {
    var wanted = min(appetite.items, limit - (submitted - ended))
    // As memory a block's inputs are gathered all at once, so here is where they are bounded.
    if codec.blockStride > 0 {
      wanted = min(wanted, max(chunkSize ?? 1, 4 * Pacing.windowBytes / codec.blockStride))
    }
    guard wanted > 0 else { return false }
    var chunk = appetite.chunkSize
    if chunkSize == nil {
      // Smaller towards the end, so that all workers finish together, and where few items may be in flight.
      let workers = 2 * runtime.settings.workers
      if let remaining = source.remaining { chunk = min(chunk, remaining / workers) }
      chunk = max(1, min(chunk, limit / workers, wanted))
    }
    // Whole chunks only: one of given size is never cut short while there is more.
    let count = wanted / chunk * chunk
    guard count > 0 else { return false }
    var writer = ChunkWriter<Task.Input>(
      codec: codec, call: box.id, first: UInt64(submitted), chunkSize: chunk, isAutomatic: chunkSize == nil,
      maximumBody: runtime.settings.maximumPayload, lane: runtime.inputs)
    try runtime.times.measure(.encoding) {
      try source.fill(&writer, count: count, isBlock: codec.blockStride > 0)
    }
    let isCutShort = writer.isFull && Int(writer.next) - submitted < count
    submitted = Int(writer.next)
    for (item, error) in writer.failures {
      ended += 1
      failures += 1
      let failure = CodingFailure(item: taskID(item), value: .input, isEncoding: true, message: "\(error)")
      handle(.failure(item: item, .notCodable(failure)))
    }
    // Each has a room of its own where outputs are long.
    var chunks = writer.finish(together: outputLength < MemoryLane.shortest ? appetite.together : 1)
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
          .failure(item: item, PoolError(report, item: taskID(item, step: report.step), worker: worker, lent))
        )
      }
    case .failed(let first, let count, let trace, let failure):
      ended += count
      failures += count
      for item in first..<first + UInt64(count) {
        handle(.failure(item: item, PoolError(failure, item: taskID(item, step: trace.step), trace)))
      }
    case .expired(let limit): expired = .deadlineExceeded(limit: limit)
    }
  }

  /// Waits for news.
  ///
  /// - Parameter untilEnd: whether outputs alone are not worth waking up for, before they are the last.
  func wait(untilEnd: Bool = false, isolation: isolated (any Actor)?) async {
    // Who is told how far the call has come wants to know of all that ends.
    await runtime.wait(
      for: box, key: ObjectIdentifier(Task.self), untilEnd: untilEnd && progress == nil,
      isolation: isolation)
  }
}

/// What has become of items.
enum ItemNews {
  /// Outputs of consecutive items.
  case outputs(first: UInt64, count: Int, OutputSlice)
  case failure(item: UInt64, PoolError)
}

/// A task value, encoded, with the name by which a worker finds its type.
struct TaskMessage {
  private let typeName: String
  private let value: [UInt8]
  private let shared: [SharedBlock]

  /// - Throws: ``PoolError/taskUnavailable(_:)`` if no worker could find the type, or the value cannot be
  ///   encoded, or takes more than `limit` bytes.
  init<Task: PoolTask>(_ task: Task, limit: Int) throws {
    typeName = try TaskNames.name(of: Task.self)
    do {
      let sharing = SharedScope()
      value = try sharing.enter { try WireCoding.encode(task) }
      shared = sharing.takeCarried()
    } catch {
      throw PoolError.taskUnavailable("the task value of type \(Task.self) cannot be encoded: \(error)")
    }
    // 16: at least what the name's length and the value's take before them.
    let length = typeName.utf8.count + value.count + 16
    guard length <= limit else {
      throw PoolError.taskUnavailable(
        "the task value of type \(Task.self) is too long: \(PayloadTooLong(length: length, limit: limit))")
    }
  }

  /// Bytes that are copied for a call: out of the task, and into the call's frame.
  var bytesCopied: Int { 2 * value.count }

  func frame(call: UInt32, isSingle: Bool = false) -> FrameMemory {
    FrameMemory(FrameHeader(.call, flags: isSingle ? CallMessage.singleFlag : 0, call: call), shared: shared)
    { writer in
      CallMessage.writeHead(typeName: typeName, to: &writer)
      value.withUnsafeBytes { writer.writeBytes($0) }
    }
  }
}

/// The names by which workers find task types.
private enum TaskNames {
  /// Found once per type: looking a type up by its name takes as long as some calls do.
  private static let known = Mutex<[ObjectIdentifier: String]>([:])

  static func name<Task: PoolTask>(of type: Task.Type) throws -> String {
    let key = ObjectIdentifier(type)
    if let name = known.withLock({ $0[key] }) { return name }
    guard let name = _mangledTypeName(type), _typeByName(name) == type else {
      throw PoolError.taskUnavailable(
        "workers cannot find the task type \(type), because it is private, fileprivate or declared inside a "
          + "function (or a generic argument of it is); declare it internal, at the top level or inside a type"
      )
    }
    known.withLock { $0[key] = name }
    return name
  }
}

extension PoolRuntime {
  /// Why no call can be begun.
  var closedError: PoolError {
    state.withLock { $0.isTerminated ? .terminated : .closed }
  }
}

extension PoolError {
  /// What a worker reported of an item.
  ///
  /// - Parameter lent: the shared memory that the error may hold.
  init(_ report: ErrorReport, item: TaskID, worker: WorkerID, _ lent: LentBlocks?) {
    switch report.reason {
    case .threw, .preparationThrew:
      self = .taskFailed(
        TaskFailure(
          item: item, worker: worker, isPreparation: report.reason == .preparationThrew,
          typeName: report.typeName,
          message: report.message, underlying: report.value.flatMap { Self.decode($0, lent) }))
    case .inputUndecodable:
      self = .notCodable(
        CodingFailure(item: item, value: .input, isEncoding: false, message: report.message))
    case .outputUnencodable:
      self = .notCodable(
        CodingFailure(item: item, value: .output, isEncoding: true, message: report.message))
    case .taskUnavailable: self = .taskUnavailable(report.message)
    }
  }

  private static func decode(
    _ value: (typeName: String, bytes: [UInt8]), _ lent: LentBlocks?
  ) -> (any Error)? {
    guard let type = _typeByName(value.typeName) as? any (Error & Decodable).Type else { return nil }
    // An error that this program cannot decode is still told by its type and its message.
    return SharedScope(lent: lent).enter { try? WireCoding.decode(type, from: value.bytes) }
  }

  init(_ failure: ItemFailure, item: TaskID, _ trace: ItemTrace) {
    switch failure {
    case .lost(let loss): self = .workerLost(Autopsy(item, trace, loss))
    case .timedOut(let loss, let limit): self = .timedOut(Autopsy(item, trace, loss), limit: limit)
    case .noWorkers(let failure): self = .workersUnavailable(failure)
    case .terminated: self = .terminated
    }
  }
}
