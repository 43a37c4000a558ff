import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire

/// A received chunk: its header, and its inputs in the input buffer.
struct ServedChunk {
  let header: FrameHeader
  let body: UnsafeRawBufferPointer
}

/// The codecs of one call in one worker.
@usableFromInline
final class TaskCodecs<Input: Codable & Sendable, Output: Sendable> {
  @usableFromInline let input = ItemCodec<Input>.resolve()
  @usableFromInline let output: _OutputCodec<Output>
  @usableFromInline let outputSize: Int

  /// The maximum size in bytes of outputs that are encoded into the results buffer directly: a
  /// small part of it.
  private static var longestDirect: Int { 4096 }

  init(output: _OutputCodec<Output>) {
    self.output = output
    switch output {
    case .nothing: outputSize = 0
    case .values(let codec) where codec.blockStride > 0 && codec.blockStride <= Self.longestDirect:
      outputSize = codec.blockStride
    case .values, .unavailable: outputSize = -1
    }
  }
}

/// A call in a worker, with its task, until the call ends.
class ServedCall {
  /// Whether the call has one item, and ends with it.
  var isSingle = false
  /// The blocks of shared memory that the worker has received with the call.
  var shared: KeptBlocks?
  /// The type of the task, if it was found.
  var known: KnownTask?
  /// What it costs to prepare the task.
  var cost = PreparationCost()

  /// Makes a call that starts from a copy of this one's task as it is now.
  func copy() -> ServedCall? { nil }

  /// Runs the items of a chunk that are not taken back.
  func run(_ chunk: ServedChunk, for worker: WorkerSession) async {}

  /// Looks up the type of the task in this program, and decodes the task.
  ///
  /// - Parameter known: the types that have been found before, by their mangled names. Looking up a
  ///   type and formatting its name takes longer than a short call.
  static func make(_ message: CallMessage, known: inout [String: KnownTask]) -> ServedCall {
    func make<T: PoolTask>(_ type: T.Type) -> ServedCall {
      do {
        return ServedTask(try WireCoding.decode(type, from: message.task))
      } catch {
        // An unavailable block of shared memory does not indicate a different build.
        let question = error is SharedMemoryError ? "" : "; is its program of the same build?"
        return FailedCall(
          ErrorReport(
            .taskUnavailable, error,
            as: "the worker cannot decode the task value of type \(type)\(question)"))
      }
    }
    func make(_ task: KnownTask) -> ServedCall {
      let call = make(task.type)
      call.known = task
      return call
    }
    if let task = known[message.typeName] { return make(task) }
    guard let type = _typeByName(message.typeName) else {
      return FailedCall(
        ErrorReport(
          reason: .taskUnavailable, typeName: message.typeName,
          message: "the worker's program has no type with the mangled name \(message.typeName); "
            + "link the module that declares it into the worker's executable"))
    }
    guard let type = type as? any PoolTask.Type else {
      return FailedCall(
        ErrorReport(
          reason: .taskUnavailable, typeName: "\(type)", message: "the type \(type) is not a PoolTask"))
    }
    let task = KnownTask(type: type, label: TaskLabel(type))
    known[message.typeName] = task
    return make(task)
  }
}

/// A task type that a worker has found.
///
/// A class, so that the many single-item calls share the label.
final class KnownTask {
  let type: any PoolTask.Type
  let label: TaskLabel
  /// Preparing the last task of this type took no time worth mentioning.
  var isCheap = false

  init(type: any PoolTask.Type, label: TaskLabel) {
    self.type = type
    self.label = label
  }
}

/// A call whose task has been decoded.
private final class ServedTask<T: PoolTask>: ServedCall {
  private var task: T
  private let codecs: TaskCodecs<T.Input, T.Output>
  private var isPrepared = false

  init(_ task: T) {
    self.task = task
    codecs = TaskCodecs(output: T._makeOutputCodec())
  }

  private init(copy other: ServedTask) {
    task = other.task
    codecs = other.codecs
    isPrepared = other.isPrepared
    super.init()
    known = other.known
  }

  override func copy() -> ServedCall? { ServedTask(copy: self) }

  override func run(_ chunk: ServedChunk, for worker: WorkerSession) async {
    if !isPrepared {
      guard worker.claimNext() else { return }
      worker.note(.preparing)
      cost.resume()
      do {
        try await task.prepare()
      } catch {
        worker.replace(call: chunk.header.call, by: FailedCall(worker.failure(.preparationThrew, error)))
        return await worker.calls[chunk.header.call]!.run(chunk, for: worker)
      }
      isPrepared = true
      worker.notePrepared(self)
    }
    var run = _ChunkRun(chunk, worker: worker, codecs: codecs)
    await task._runChunk(&run)
    worker.position = run.position
  }
}

/// A call whose items were taken back before it arrived. Its task is decoded when an item arrives,
/// so that decoding does not delay an idle worker.
final class UndecodedCall: ServedCall {
  private let body: [UInt8]
  private let number: UInt64

  init(_ body: UnsafeRawBufferPointer, _ shared: KeptBlocks, number: UInt64) {
    self.body = Array(body)
    self.number = number
    super.init()
    self.shared = shared
  }

  override func run(_ chunk: ServedChunk, for worker: WorkerSession) async {
    guard worker.claimNext() else { return }
    // An earlier call may have left the same task meanwhile.
    let kept = worker.kept.makeCall(number)
    let call =
      kept
      ?? body.withUnsafeBytes { body in
        do throws(WireError) {
          return try worker.makeCall(body, shared!, number: number)
        } catch {
          return FailedCall(ErrorReport(.taskUnavailable, error))
        }
      }
    worker.replace(call: chunk.header.call, by: call)
    await call.run(chunk, for: worker)
  }
}

/// A call that the worker cannot run: each of its items ends with the reason.
final class FailedCall: ServedCall {
  private let failure: ItemFailureReport

  init(_ report: ErrorReport) {
    failure = ItemFailureReport(report: report)
  }

  init(_ failure: ItemFailureReport) {
    self.failure = failure
  }

  override func run(_ chunk: ServedChunk, for worker: WorkerSession) async {
    let end = worker.position + UInt64(chunk.header.count)
    while worker.position < end, worker.claimNext() {
      worker.report(failure, position: worker.position)
      worker.position += 1
    }
  }
}

/// The report of an item that ends without an output, and the shared memory that its error refers
/// to.
struct ItemFailureReport {
  let report: ErrorReport
  var carried: [SharedBlock] = []
}
