import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

// Frames from the coordinator.

extension WorkerSession {
  /// Returns the next frame, whose body is valid until the next call. Results are written before
  /// the loop waits for a frame.
  ///
  /// - Returns: `nil` if the coordinator has closed the pipe.
  func nextFrame() throws -> ServedChunk? {
    ForkedCopy.endIfCopy()
    while true {
      switch try FrameScan.scan(input.bytes, limit: maximumBody) {
      case .frame(let header): return take(header)
      case .needs(let length):
        clock.enter(.reading)
        switch try input.read(from: tasks, frameLength: length) {
        case .moved(let count):
          clock.enter(.running)
          clock.count(copied: count)
        case .closed: return nil
        case .wouldBlock:
          flush(position: position)
          // The coordinator may wait for these results before it sends the next frame.
          if isLost { return nil }
          clock.enter(.waiting)
          try waitForInput()
        }
      }
    }
  }

  /// Removes the first frame from the buffer.
  func take(_ header: FrameHeader) -> ServedChunk {
    let body = UnsafeRawBufferPointer(
      rebasing: input.bytes[FrameHeader.size...].prefix(header.bodyLength))
    input.consume(header.frameLength)
    return ServedChunk(header: header, body: body)
  }

  /// Polls for a moment, because waking a sleeping processor takes longer than most frames take to
  /// arrive, then sleeps.
  func waitForInput() throws(SystemError) {
    if !bodies.isEmpty { bodies.removeOld() }
    if !rooms.isEmpty { rooms.removeOld() }
    let pollingTime = max(awaitsCall ? callPollingTime : 0, polls ? pollingTime : 0)
    awaitsCall = false
    if pollingTime > 0 {
      let deadline = MonotonicClock.now() + pollingTime + CopyingTime.of(lastBytes)
      repeat {
        if tasks.isReadable() { return }
        // The sender may be waiting for this processor.
        sched_yield()
      } while MonotonicClock.now() < deadline
    }
    if recentBlocks != nil || !bodies.isEmpty || !rooms.isEmpty {
      if try tasks.waitUntilReady(for: Int16(POLLIN), milliseconds: Self.lingeringTime) { return }
      recentBlocks = nil
      bodies.removeAll()
      rooms.removeAll()
    }
    try tasks.waitUntilReady(for: Int16(POLLIN))
  }

  /// How long blocks and mappings are kept while the worker is idle, in milliseconds. A program
  /// that repeats a call does so within this time, and memory of a released array is not kept
  /// noticeably long.
  private static let lingeringTime: Int32 = 100
}
