import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem

// Data from workers. The reading thread, whichever it is, holds the lock of the worker's
// `incoming`.

extension PoolRuntime {
  enum Read { case more, nothing, closed }

  /// Reads the available data of a worker, once.
  func readOnce(_ connection: WorkerConnection, _ incoming: inout Incoming) -> Read {
    // An error counts as the end of the stream, whatever the reason: the exit status of the worker
    // tells more.
    let transfer = times.measure(.reading) {
      try? incoming.received.read(from: connection.results, frameLength: incoming.frameLength)
    }
    guard let transfer else { return .closed }
    switch transfer {
    case .wouldBlock: return .nothing
    case .closed: return .closed
    case .moved(let count):
      times.count(copied: count)
      receive(connection, &incoming, bytes: count)
      return .more
    }
  }

  /// Handles the complete frames in the data read from a worker.
  private func receive(_ connection: WorkerConnection, _ incoming: inout Incoming, bytes: Int) {
    do throws(FrameError) {
      if !incoming.hasPreamble {
        guard try Preamble.check(incoming.received.bytes) else { return }
        incoming.hasPreamble = true
        incoming.received.consume(Preamble.size)
      }
      state.withLock {
        $0.ledger.statistics.bytesReceived += UInt64(bytes)
        $0.workers[connection.place]?.bytesReceived += UInt64(bytes)
      }
      while true {
        switch change({ state, effects in takeFrames(of: connection, &incoming, &state, &effects) }) {
        case .success(nil): return
        case .success(let loan?): try borrow(loan, from: connection, &incoming)
        case .failure(let error): throw error
        }
      }
    } catch {
      reject(connection, &incoming, error)
    }
  }

  /// Handles frames up to the end of the data, or up to one that lends shared memory, because files
  /// are not opened under the pool's lock.
  private func takeFrames(
    of connection: WorkerConnection, _ incoming: inout Incoming, _ state: inout PoolState,
    _ effects: inout Effects
  ) -> Result<LoanFrame?, FrameError> {
    do throws(FrameError) {
      while case .frame(let header) = try scan(&incoming) {
        if header.kind == .lend, incoming.hasCompletedHandshake {
          return .success(LoanFrame(header: header, lent: state.calls[header.call]?.lentBlocks()))
        }
        try handle(header, of: connection, &incoming, &state, &effects)
        incoming.received.consume(header.frameLength)
      }
      state.scheduler.measure(connection.place, now: .now())
      return .success(nil)
    } catch {
      return .failure(error)
    }
  }

  private func scan(_ incoming: inout Incoming) throws(FrameError) -> FrameScan {
    let scan = try FrameScan.scan(incoming.received.bytes, limit: settings.maximumPayload)
    if case .needs(let length) = scan {
      incoming.frameLength = length
    } else {
      incoming.frameLength = FrameHeader.size
    }
    return scan
  }

  private func handle(
    _ header: FrameHeader, of connection: WorkerConnection, _ incoming: inout Incoming,
    _ state: inout PoolState, _ effects: inout Effects
  ) throws(FrameError) {
    let body = incoming.received.slice(offset: FrameHeader.size, count: header.bodyLength)
    if !incoming.hasCompletedHandshake {
      guard header.kind == .greeting else {
        throw .unexpected("it sent a \(header.kind) frame before it completed the handshake")
      }
      return try completeHandshake(connection, body.bytes, &incoming, &state)
    }
    switch header.kind {
    case .results, .failure, .indirectResults:
      let results = ReceivedResults(header, body, from: connection, cut: incoming.cut)
      try take(results, &state, &effects)
    case .prepared: try notePrepared(header, body.bytes, by: connection, &state, &effects)
    case .unreachable: sendAgain(to: connection, &state, &effects)
    case .refused:
      // Under the lock, but only once in the life of a program.
      BlockServer.start()
      state.workers[connection.place]?.outgoing.reachesMemory = false
    case .hello, .call, .chunk, .indirectChunk, .room, .attempt, .again, .seat, .resume, .endCall, .end,
      .drop, .acknowledge, .greeting, .lend:
      throw .unexpected("it sent a \(header.kind) frame")
    }
  }

  /// Kills a worker that broke the protocol, and keeps the reason for its report.
  private func reject(_ connection: WorkerConnection, _ incoming: inout Incoming, _ error: FrameError) {
    if incoming.hasCompletedHandshake {
      incoming.violation = incoming.violation ?? error.description
    } else {
      incoming.startFailure =
        incoming.startFailure ?? WorkerStartFailure(Self.handshakeAdvice(error, pid: connection.pid))
    }
    if incoming.isOpen {
      incoming.isOpen = false
      poller.remove(connection.results)
    }
    expel(connection)
  }
}
