import ProcPoolProtocol
import ProcPoolSystem

// Results and failures, from a worker's pipe or from its page.

/// Results of consecutive items, or the report of their failure, sent by a worker or found on its
/// page.
struct ReceivedResults {
  var header: FrameHeader
  var body: OutputSlice
  let connection: WorkerConnection
  /// The position of the first item in the worker's order, if the results come from the page.
  var position: UInt64?
  /// The position from which on results are lost with the worker.
  var cut: UInt64?

  init(
    _ header: FrameHeader, _ body: OutputSlice, from connection: WorkerConnection, position: UInt64? = nil,
    cut: UInt64?
  ) {
    self.header = header
    self.body = body
    self.connection = connection
    self.position = position
    self.cut = cut
  }
}

extension PoolRuntime {
  func take(
    _ results: ReceivedResults, _ state: inout PoolState, _ effects: inout Effects
  ) throws(FrameError) {
    if results.header.kind == .indirectResults {
      guard let found = try resolve(results, state) else { return try takeKnown(results, &state) }
      return try take(found, &state, &effects)
    }
    let box = state.calls[results.header.call]
    let results = beforeCut(results, of: box, state)
    let (header, body) = (results.header, results.body)
    if header.count == 0 { return }
    if header.kind == .results, let box {
      guard (try? box.outputs.length(ofFirst: Int(header.count), in: body.bytes)) == body.count else {
        throw .unexpected("its results for \(header.call) are malformed")
      }
    }
    // Before the scheduler is notified: a report that cannot be decoded ends no item.
    let report = header.kind == .failure ? try? ErrorReport(from: body.bytes) : nil
    if header.kind == .failure, report == nil { throw .unexpected("its report of a failure is malformed") }
    let thrownAt = report?.reason == .threw ? Instant.now() : nil
    switch receive(results, thrownAt: thrownAt, &state) {
    case .violation(let what): throw .unexpected(what)
    case .ignore:
      // The runtime thread may otherwise sleep for longer than the item pauses.
      if thrownAt != nil { state.clockwork.needsPeek = true }
    case .deliver(let skipped):
      guard let box else { return }
      deliver(results, report, skipping: skipped, to: box, &state, &effects)
    }
  }

  private func receive(
    _ results: ReceivedResults, thrownAt: Instant? = nil, _ state: inout PoolState
  ) -> Receipt {
    let header = results.header
    return state.scheduler.received(
      results.connection.place, call: header.call, first: ItemIndex(header.first), count: Int(header.count),
      position: results.position, thrownAt: thrownAt)
  }

  private func deliver(
    _ results: ReceivedResults, _ report: ErrorReport?, skipping skipped: Int, to box: CallRecord,
    _ state: inout PoolState, _ effects: inout Effects
  ) {
    let (header, body) = (results.header, results.body)
    let place = results.connection.place
    let first = header.first &+ UInt64(skipped)
    let wanted = Int(header.count) - skipped
    state.ledger.statistics.itemsFinished += UInt64(wanted)
    state.workers[place]?.itemsFinished += UInt64(wanted)
    if header.kind == .results {
      let offset = (try? box.outputs.length(ofFirst: skipped, in: body.bytes)) ?? 0
      let slice = OutputSlice(memory: body.memory, start: body.start + offset, count: body.count - offset)
      // The estimate decreases slowly, because long outputs may be interspersed with short ones.
      box.outputLength = max(slice.count / wanted, box.outputLength / 4 * 3)
      box.bytesReceived += UInt64(slice.count)
      deliver(.outputs(first: first, count: wanted, slice), to: box, &state, &effects)
    } else if let report {
      box.failures += UInt64(wanted)
      let worker = state.workers[place]?.worker ?? WorkerID(index: place.index)
      deliver(
        .reported(first: first, count: wanted, report, worker, box.lent), to: box, &state, &effects)
    }
  }

  /// Returns results in the room that the worker has for them.
  ///
  /// - Returns: `nil` if their items are known already: the room may have been reused since.
  private func resolve(
    _ results: ReceivedResults, _ state: borrowing PoolState
  ) throws(FrameError) -> ReceivedResults? {
    let header = results.header
    guard
      let chunk = state.scheduler.firstChunk(
        of: results.connection.place, ifAt: ItemIndex(header.first), of: header.call,
        position: results.position)
    else { return nil }
    guard let found = chunk.payload.results(at: results.body.bytes), found.header.call == header.call,
      found.header.first == header.first, found.header.count == header.count
    else { throw .unexpected("its results for \(header.call) are not at the reported location") }
    var resolved = results
    (resolved.header, resolved.body) = found
    return resolved
  }

  /// Skips results that can no longer be read because they are known already.
  private func takeKnown(_ results: ReceivedResults, _ state: inout PoolState) throws(FrameError) {
    switch receive(results, &state) {
    case .ignore: return
    case .violation(let what): throw .unexpected(what)
    case .deliver:
      throw .unexpected("it answered items of \(results.header.call) out of order")
    }
  }

  /// The results before the position from which on they were lost with the worker.
  private func beforeCut(
    _ results: ReceivedResults, of box: CallRecord?, _ state: borrowing PoolState
  ) -> ReceivedResults {
    guard let cut = results.cut else { return results }
    var results = results
    let start = results.position ?? state.scheduler.streamPosition(of: results.connection.place)
    guard start < cut else {
      results.header.count = 0
      return results
    }
    guard cut - start < UInt64(results.header.count) else { return results }
    results.header.count = UInt32(cut - start)
    guard results.header.kind == .results, let box,
      let length = try? box.outputs.length(ofFirst: Int(results.header.count), in: results.body.bytes)
    else { return results }
    results.body = OutputSlice(memory: results.body.memory, start: results.body.start, count: length)
    return results
  }
}
