import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire

/// A chunk as the serving loop found it: its header, and its inputs in the input buffer.
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

  /// Outputs of fixed size up to this go straight into the results buffer: a small part of it.
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

/// The task of a call, as a worker holds it until the call ends.
class ServedCall {
  /// The call has one item, after which it is over.
  var isSingle = false
  /// What it has brought in shared memory.
  var shared: KeptBlocks?
  /// The type of its task, if that was found.
  var known: KnownTask?

  /// Runs a chunk, or as much of it as is not taken back.
  func run(_ chunk: ServedChunk, for worker: WorkerSession) async {}

  /// Finds the task's type in this program and decodes its value.
  ///
  /// - Parameter known: the types that have been found before, by their mangled names: looking one up takes
  ///   longer than some calls do, and so does making its name.
  static func make(_ message: CallMessage, known: inout [String: KnownTask]) -> ServedCall {
    func make<T: PoolTask>(_ type: T.Type) -> ServedCall {
      do {
        return ServedTask(try WireCoding.decode(type, from: message.task))
      } catch {
        // Shared memory that cannot be had has nothing to do with the program.
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

/// A type of task that a worker has found.
///
/// - Because a class: calls of one item come by the hundred thousand, and need not each have room for the label.
final class KnownTask {
  let type: any PoolTask.Type
  let label: TaskLabel

  init(type: any PoolTask.Type, label: TaskLabel) {
    self.type = type
    self.label = label
  }
}

/// A call whose task is here.
private final class ServedTask<T: PoolTask>: ServedCall {
  private var task: T
  private let codecs = TaskCodecs<T.Input, T.Output>(output: T._makeOutputCodec())
  private var isPrepared = false

  init(_ task: T) {
    self.task = task
  }

  override func run(_ chunk: ServedChunk, for worker: WorkerSession) async {
    if !isPrepared {
      guard worker.claimNext() else { return }
      worker.note(.preparing)
      do {
        try await task.prepare()
      } catch {
        worker.replace(call: chunk.header.call, by: FailedCall(worker.failure(.preparationThrew, error)))
        return await worker.calls[chunk.header.call]!.run(chunk, for: worker)
      }
      isPrepared = true
    }
    var run = _ChunkRun(chunk, worker: worker, codecs: codecs)
    await task._runChunk(&run)
    worker.position = run.position
  }
}

/// A call whose items had been taken back when it came. Its task is not decoded before there is an item to be
/// decoded for: a worker that is free must not be held up by that.
final class UndecodedCall: ServedCall {
  private let body: [UInt8]

  init(_ body: UnsafeRawBufferPointer, _ shared: KeptBlocks) {
    self.body = Array(body)
    super.init()
    self.shared = shared
  }

  override func run(_ chunk: ServedChunk, for worker: WorkerSession) async {
    guard worker.claimNext() else { return }
    let call = body.withUnsafeBytes { body in
      do throws(WireError) {
        return try worker.makeCall(body, shared!)
      } catch {
        return FailedCall(ErrorReport(.taskUnavailable, error))
      }
    }
    worker.replace(call: chunk.header.call, by: call)
    await call.run(chunk, for: worker)
  }
}

/// A call that cannot be served here: each of its items ends with the reason.
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

/// Why an item ends without an output, and the shared memory that the error holds.
struct ItemFailureReport {
  let report: ErrorReport
  var carried: [SharedBlock] = []
}
