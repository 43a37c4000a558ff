import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// Results that a worker has finished and not written.

extension PoolRuntime {
  /// The workers that have been given something.
  func busyLinks() -> [WorkerLink] {
    state.withLock { state in
      state.links.compactMap { link in
        link.flatMap { state.scheduler.places[$0.place].queue.isEmpty ? nil : $0 }
      }
    }
  }

  /// Fetches what busy workers have finished and not written, so that nobody waits for it, and nothing of it
  /// is lost to a call that ends before its time.
  ///
  /// - Returns: whether there are busy workers.
  @discardableResult func fetchResults() -> Bool {
    let busy = busyLinks()
    for link in busy { receiving.withLock { _ in fetchResults(of: link) } }
    return !busy.isEmpty
  }

  private func fetchResults(of link: WorkerLink) {
    guard let unwritten = UnwrittenResults(of: link) else { return }
    takeLoans(of: link)
    change { state, effects in
      take(unwritten, of: link, &state, &effects)
      state.scheduler.measure(link.place, now: MonotonicClock.now())
    }
  }

  /// Takes results that lie in the memory shared with a worker.
  ///
  /// What does not add up is left for the pipe: the memory may have changed while it was copied.
  func take(
    _ unwritten: UnwrittenResults, of link: WorkerLink, _ state: inout State, _ effects: inout Effects
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
        // Still growing: what is committed of it follows from the positions.
        guard left < Int(FrameHeader.openCount), let box = state.boxes[header.call],
          let length = try? box.outputs.length(ofFirst: left, in: body.bytes)
        else { return }
        header.count = UInt32(left)
        header.bodyLength = length
      }
      guard header.bodyLength <= room, header.count > 0, header.count <= left else { return }
      let used = OutputSlice(memory: memory, start: body.start, count: header.bodyLength)
      guard (try? take(header, used, position: position, of: link, &state, &effects)) != nil else { return }
      position &+= UInt64(header.count)
      left -= Int(header.count)
      offset += header.frameLength
    }
  }
}

/// A copy of what a worker has finished and not written.
struct UnwrittenResults {
  let memory: ReceivedMemory
  /// Where the first of them stands in the worker's order.
  let position: UInt64
  let items: Int

  init?(of link: WorkerLink) {
    guard link.isPageShared else { return nil }
    memory = ReceivedMemory(capacity: StatusPage.bufferCapacity)
    guard let (first, committed) = link.page.copyResults(to: memory.base) else { return nil }
    position = first
    items = Int(clamping: committed)
  }
}
