import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// Chunks of a call on their way through a worker, one after the other: gives the inputs, takes the outputs.
///
/// Made by the serving loop and used by the default `PoolTask._runChunk`, into whose specialisation its
/// methods are inlined: for numbers an item costs a compare, a load, a store and the store of the progress
/// word.
public struct _ChunkRun<Input: Codable & Sendable, Output: Sendable>: ~Copyable {
  @usableFromInline let worker: WorkerSession
  @usableFromInline let page: StatusPage
  @usableFromInline let results: ResultBuffer
  @usableFromInline let codecs: TaskCodecs<Input, Output>
  /// Bytes of an output of fixed size; 0 for outputs of no bytes, negative for all others.
  @usableFromInline let outputSize: Int
  /// Bytes of an input of fixed size; 0 where each says its own length.
  @usableFromInline let inputStride: Int
  @usableFromInline var reader: WireReader

  @usableFromInline var position: UInt64
  @usableFromInline var claimedEnd: UInt64
  @usableFromInline var end: UInt64
  @usableFromInline var claimBatch: UInt64

  init(
    _ frame: ServedChunk, worker: WorkerSession, codecs: TaskCodecs<Input, Output>
  ) {
    self.worker = worker
    page = worker.page
    results = worker.results
    self.codecs = codecs
    outputSize = codecs.outputSize
    inputStride = codecs.input.blockStride
    reader = WireReader(frame.body)
    position = worker.position
    // Its first item may be claimed.
    claimedEnd = max(worker.position, worker.claimedEnd)
    end = worker.position + UInt64(frame.header.count)
    claimBatch = Self.claimBatch(of: frame, worker)
  }

  private static func claimBatch(of frame: ServedChunk, _ worker: WorkerSession) -> UInt64 {
    worker.claimsEachItem ? 1 : 1 << UInt64(ChunkFlags(rawValue: frame.header.flags).claimExponent)
  }

  /// Commits the item before, and starts the next one.
  ///
  /// - Returns: `false` if no more have come, or if the rest has been taken back.
  @inlinable
  public mutating func startNext() -> Bool {
    guard position < end || goOn() else { return false }
    if position == claimedEnd {
      guard claim() else { return false }
    }
    page.noteRunning(position)
    return true
  }

  /// Goes on with the next chunk, if it has come.
  @usableFromInline
  mutating func goOn() -> Bool {
    while position == end {
      guard let chunk = worker.nextChunk(at: position) else { return false }
      reader = WireReader(chunk.body)
      end = position + UInt64(chunk.header.count)
      claimBatch = Self.claimBatch(of: chunk, worker)
    }
    return true
  }

  @usableFromInline
  mutating func claim() -> Bool {
    guard worker.claim(min(claimBatch, end - position), position: position) else { return false }
    claimedEnd += min(claimBatch, end - position)
    return true
  }

  /// Decodes the input of the item that was started.
  ///
  /// - Returns: `nil` if that was not possible; the item has then ended with that error.
  @inlinable
  public mutating func takeInput() -> Input? {
    if inputStride > 0, reader.remaining >= inputStride {
      let bytes = try! reader.readBytes(inputStride)
      return withUnsafeTemporaryAllocation(of: Input.self, capacity: 1) { place in
        // A copy because the bytes need not be aligned as the type must be; the codec vouches for every
        // pattern.
        UnsafeMutableRawPointer(place.baseAddress!).copyMemory(
          from: bytes.baseAddress!, byteCount: MemoryLayout<Input>.size)
        return place.baseAddress!.pointee
      }
    }
    return decodeInput()
  }

  @usableFromInline
  mutating func decodeInput() -> Input? {
    do {
      let bytes = try ItemPacking(stride: inputStride).next(&reader)
      return try worker.timed(.decoding, bytes: bytes.count) {
        try worker.sharing.enter { try codecs.input.decode(bytes) }
      }
    } catch {
      worker.report(.inputUndecodable, error, position: position)
      position &+= 1
      return nil
    }
  }

  /// Takes the output of the item that was started.
  @inlinable
  public mutating func finish(_ output: Output) {
    if outputSize >= 0 {
      if let place = results.place(outputSize) {
        store(output, at: place)
      } else {
        worker.renewResults(position: position)
        // A fresh buffer holds any output whose size made it this far.
        store(output, at: results.place(outputSize)!)
      }
    } else {
      encode(output)
    }
    position &+= 1
  }

  @inlinable
  func store(_ output: Output, at place: UnsafeMutableRawPointer) {
    guard outputSize > 0 else { return }
    withUnsafeBytes(of: output) {
      place.copyMemory(from: $0.baseAddress!, byteCount: MemoryLayout<Output>.size)
    }
  }

  @usableFromInline
  mutating func encode(_ output: Output) {
    guard case .values(let codec) = codecs.output else {
      let message = "the output type \(Output.self) is neither Codable nor Void"
      let report = ErrorReport(reason: .outputUnencodable, typeName: "\(Output.self)", message: message)
      return worker.report(ItemFailureReport(report: report), position: position)
    }
    do {
      // How long it will be nobody knows; as long as the one before is a good guess.
      try results.add(
        position: position, stride: codec.blockStride, maximumBody: worker.maximumBody
      ) { writer in
        try worker.timed(.encoding, bytes: results.lastLength) {
          try worker.sharing.enter { try codec.encode(output, into: &writer) }
        }
        if worker.sharing.hasCarried { try worker.lendCarried(position: position) }
      }
    } catch let error as SystemError {
      worker.loseCoordinator(error)
    } catch {
      // What it holds that could be encoded is not sent.
      _ = worker.sharing.takeCarried()
      worker.report(.outputUnencodable, error, position: position)
    }
  }

  /// Ends the item that was started with an error.
  @usableFromInline
  mutating func fail(_ error: any Error) {
    worker.report(.threw, error, position: position)
    position &+= 1
  }
}
