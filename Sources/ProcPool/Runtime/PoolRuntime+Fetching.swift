import ProcPoolProtocol
import ProcPoolSystem

// Results that a worker has finished but not written.

extension PoolRuntime {
  /// The workers with items in flight.
  func busyWorkers() -> [WorkerConnection] {
    state.withLock { state in
      state.workers.all.map(\.connection).filter { !state.scheduler.isIdle($0.place) }
    }
  }

  /// Fetches the finished results that busy workers have not written, so that no caller waits for
  /// them, and none of them is lost if a call ends early.
  ///
  /// - Returns: whether there are busy workers.
  @discardableResult func fetchResults() -> Bool {
    let busy = busyWorkers()
    for connection in busy {
      connection.incoming.withLock { incoming in fetchResults(of: connection, &incoming) }
    }
    return !busy.isEmpty
  }

  private func fetchResults(of connection: WorkerConnection, _ incoming: inout Incoming) {
    guard let unwritten = unwrittenResults(of: connection) else { return }
    takeLoans(of: connection, &incoming)
    let cut = incoming.cut
    change { state, effects in
      take(unwritten, of: connection, cut: cut, &state, &effects)
      state.scheduler.measure(connection.place, now: .now())
    }
  }

  func unwrittenResults(of connection: WorkerConnection) -> UnwrittenResults? {
    let isReadable = state.withLock { $0.workers[connection]?.abilities.contains(.hasStatusPage) == true }
    return isReadable ? UnwrittenResults(on: connection.page) : nil
  }

  /// Takes results from the memory shared with a worker.
  ///
  /// Inconsistent results are left for the pipe: the memory may have changed while it was copied.
  func take(
    _ unwritten: UnwrittenResults, of connection: WorkerConnection, cut: UInt64?, _ state: inout PoolState,
    _ effects: inout Effects
  ) {
    let memory = unwritten.memory
    var position = unwritten.position
    var left = unwritten.items
    var offset = 0
    while left > 0, offset + FrameHeader.size <= memory.capacity,
      var header = try? FrameHeader(loading: memory.base + offset),
      [.results, .failure, .indirectResults].contains(header.kind)
    {
      let room = memory.capacity - offset - FrameHeader.size
      let body = OutputSlice(memory: memory, start: offset + FrameHeader.size, count: room)
      if header.count == FrameHeader.openCount {
        // A frame that is still growing: the number of committed results follows from the
        // positions.
        guard left < Int(FrameHeader.openCount), let box = state.calls[header.call],
          let length = try? box.outputs.length(ofFirst: left, in: body.bytes)
        else { return }
        header.count = UInt32(left)
        header.bodyLength = length
      }
      guard header.bodyLength <= room, header.count > 0, header.count <= left else { return }
      let used = OutputSlice(memory: memory, start: body.start, count: header.bodyLength)
      let results = ReceivedResults(header, used, from: connection, position: position, cut: cut)
      guard (try? take(results, &state, &effects)) != nil else { return }
      position &+= UInt64(header.count)
      left -= Int(header.count)
      offset += header.frameLength
    }
  }
}

/// A copy of the results that a worker has finished but not written.
struct UnwrittenResults {
  let memory: ReceivedMemory
  /// The position of the first result in the worker's order.
  let position: UInt64
  let items: Int

  /// - Returns: `nil` if there are no results.
  init?(on page: StatusPage) {
    memory = ReceivedMemory(capacity: StatusPage.bufferCapacity)
    guard let (first, committed) = page.copyResults(to: memory.base) else { return nil }
    position = first
    items = Int(clamping: committed)
  }
}
