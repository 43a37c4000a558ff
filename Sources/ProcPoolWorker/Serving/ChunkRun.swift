import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// The loop state for the items of consecutive chunks of a call: provides inputs and takes outputs.
///
/// Created by the serving loop and used by the default `PoolTask._runChunk`, into whose
/// specialisation the methods are inlined. For numbers an item costs a compare, a load, a store,
/// and the store of the progress word.
public struct _ChunkRun<Input: Codable & Sendable, Output: Sendable>: ~Copyable {
  @usableFromInline let worker: WorkerSession
  @usableFromInline let page: StatusPage
  @usableFromInline let results: ResultBuffer
  @usableFromInline let codecs: TaskCodecs<Input, Output>
  /// The size of outputs in bytes if it is fixed; 0 for outputs without bytes, negative for
  /// individual lengths.
  @usableFromInline let outputSize: Int
  /// The size of inputs in bytes if it is fixed; 0 for individual lengths.
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
    // The first item may have been claimed already.
    claimedEnd = max(worker.position, worker.claimedEnd)
    end = worker.position + UInt64(frame.header.count)
    claimBatch = Self.claimBatch(of: frame, worker)
  }

  private static func claimBatch(of frame: ServedChunk, _ worker: WorkerSession) -> UInt64 {
    worker.claimsEachItem ? 1 : 1 << UInt64(ChunkFlags(rawValue: frame.header.flags).claimExponent)
  }

  /// Commits the previous item, and starts the next one.
  ///
  /// - Returns: `false` if no more items have arrived, or if the rest has been taken back.
  @inlinable
  public mutating func startNext() -> Bool {
    guard position < end || startNextChunk() else { return false }
    if position == claimedEnd {
      guard claim() else { return false }
    }
    page.noteRunning(position)
    return true
  }

  /// Continues with the next chunk, if it has arrived.
  @usableFromInline
  mutating func startNextChunk() -> Bool {
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

  /// Decodes the input of the current item.
  ///
  /// - Returns: `nil` if decoding failed; the item has then ended with the error.
  @inlinable
  public mutating func takeInput() -> Input? {
    if inputStride > 0, reader.remaining >= inputStride {
      let bytes = try! reader.readBytes(inputStride)
      return withUnsafeTemporaryAllocation(of: Input.self, capacity: 1) { place in
        // Copied because the bytes may be unaligned. Every bit pattern is valid for a type of fixed
        // size.
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

  /// Takes the output of the current item.
  @inlinable
  public mutating func finish(_ output: Output) {
    if outputSize >= 0 {
      if let place = results.place(outputSize) {
        store(output, at: place)
      } else {
        worker.renewResults(position: position)
        // An empty buffer has room for any output of fixed size.
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
      // The length is not known in advance; that of the previous output is a good estimate.
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
      // The parts of the output that could be encoded are not sent.
      _ = worker.sharing.takeCarried()
      worker.report(.outputUnencodable, error, position: position)
    }
  }

  /// Ends the current item with an error.
  @usableFromInline
  mutating func fail(_ error: any Error) {
    worker.report(.threw, error, position: position)
    position &+= 1
  }
}
