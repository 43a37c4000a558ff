import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// What workers send, on the runtime thread.

extension PoolRuntime {
  enum Read { case more, nothing, closed }

  /// Reads what is there from a worker, once. Needs `receiving`.
  func readOnce(_ link: WorkerLink) -> Read {
    // A pipe that cannot be read gives nothing more, whatever the reason: the worker's end says the rest.
    let transfer = times.measure(.reading) {
      try? link.received.read(from: link.results, frameLength: link.frameLength)
    }
    guard let transfer else { return .closed }
    switch transfer {
    case .wouldBlock: return .nothing
    case .closed: return .closed
    case .moved(let count):
      times.count(copied: count)
      receive(link, bytes: count)
      return .more
    }
  }

  /// Takes the frames that are complete out of what has been read from a worker.
  func receive(_ link: WorkerLink, bytes: Int) {
    do throws(FrameError) {
      if !link.hasPreamble {
        guard try Preamble.check(link.received.bytes) else { return }
        link.hasPreamble = true
        link.received.consume(Preamble.size)
      }
      state.withLock {
        $0.statistics.bytesReceived += UInt64(bytes)
        link.bytesReceived += UInt64(bytes)
      }
      while true {
        switch change({ state, effects in takeFrames(of: link, &state, &effects) }) {
        case .success(nil): return
        case .success(let loan?): try borrow(loan, from: link)
        case .failure(let error): throw error
        }
      }
    } catch {
      reject(link, error)
    }
  }

  /// Takes frames up to the end of what has been read, or to one that lends shared memory: files are not
  /// opened under the pool's lock.
  private func takeFrames(
    of link: WorkerLink, _ state: inout State, _ effects: inout Effects
  ) -> Result<LoanFrame?, FrameError> {
    do throws(FrameError) {
      while case .frame(let header) = try scan(link) {
        if header.kind == .lend, link.greeting != nil {
          return .success(LoanFrame(header: header, lent: state.boxes[header.call]?.lentBlocks()))
        }
        try handle(header, of: link, &state, &effects)
        link.received.consume(header.frameLength)
      }
      state.scheduler.measure(link.place, now: MonotonicClock.now())
      return .success(nil)
    } catch {
      return .failure(error)
    }
  }

  private func scan(_ link: WorkerLink) throws(FrameError) -> FrameScan {
    let scan = try FrameScan.scan(link.received.bytes, limit: settings.maximumPayload)
    if case .needs(let length) = scan {
      link.frameLength = length
    } else {
      link.frameLength = FrameHeader.size
    }
    return scan
  }

  private func handle(
    _ header: FrameHeader, of link: WorkerLink, _ state: inout State, _ effects: inout Effects
  ) throws(FrameError) {
    let body = link.received.slice(offset: FrameHeader.size, count: header.bodyLength)
    if link.greeting == nil {
      guard header.kind == .greeting else {
        throw .unexpected("it sent a \(header.kind) frame before it completed the handshake")
      }
      return try greet(link, body.bytes, &state)
    }
    switch header.kind {
    case .results, .failure, .indirectResults:
      try take(header, body, position: nil, of: link, &state, &effects)
    case .unreachable: sendAgain(to: link, &state, &effects)
    case .refused:
      // Under the lock, once in the life of a program.
      BlockServer.start()
      link.reachesMemory = false
    case .hello, .call, .chunk, .indirectChunk, .room, .attempt, .again, .seat, .resume, .endCall, .end,
      .acknowledge, .greeting, .lend:
      throw .unexpected("it sent a \(header.kind) frame")
    }
  }

  private func greet(
    _ link: WorkerLink, _ body: UnsafeRawBufferPointer, _ state: inout State
  ) throws(FrameError) {
    guard let greeting = try? Greeting(from: body) else { throw .unexpected("its handshake is malformed") }
    if case .executable(_, isSelf: true) = settings.program, greeting.buildID != ProgramIdentity.buildID {
      throw .unexpected("it is another build of the program than the coordinator; start the program again")
    }
    link.greeting = greeting
    link.isPageShared = link.offersPage && greeting.pageFailure.isEmpty
    // Under the lock, once in the life of a program, so that nothing overtakes it that is to be attached.
    if !greeting.pageFailure.isEmpty { BlockServer.start() }
    state.scheduler.greeted(link.place, canGiveBack: link.isPageShared, now: MonotonicClock.now())
  }

  /// Takes results or a failure, from the pipe or from the page.
  func take(
    _ header: FrameHeader, _ body: OutputSlice, position: UInt64?, of link: WorkerLink, _ state: inout State,
    _ effects: inout Effects
  ) throws(FrameError) {
    if header.kind == .indirectResults {
      // Of items that are known already, the room may have been given to others.
      guard
        let chunk = state.scheduler.firstChunk(
          of: link.place, ifAt: header.first, of: header.call, position: position)
      else { return try takeKnown(header, position: position, of: link, &state) }
      guard let found = chunk.payload.results(at: body.bytes), found.header.call == header.call,
        found.header.first == header.first, found.header.count == header.count
      else { throw .unexpected("its results for call \(header.call) are not where it says") }
      return try take(found.header, found.body, position: position, of: link, &state, &effects)
    }
    let box = state.boxes[header.call]
    let (header, body) = beforeCut(header, body, of: box, position: position, link, state)
    let count = Int(header.count)
    if count == 0 { return }
    if header.kind == .results, let box {
      guard (try? box.outputs.length(ofFirst: count, in: body.bytes)) == body.count else {
        throw .unexpected("its results for call \(header.call) are malformed")
      }
    }
    // Before the scheduler hears of it: what cannot be read ends nothing.
    let report = header.kind == .failure ? try? ErrorReport(from: body.bytes) : nil
    if header.kind == .failure, report == nil { throw .unexpected("its report of a failure is malformed") }
    switch state.scheduler.received(
      link.place, call: header.call, first: header.first, count: count, position: position)
    {
    case .violation(let what): throw .unexpected(what)
    case .ignore: return
    case .deliver(let skipped):
      guard let box else { return }
      let first = header.first &+ UInt64(skipped)
      let wanted = count - skipped
      state.statistics.itemsFinished += UInt64(wanted)
      link.itemsFinished += UInt64(wanted)
      if header.kind == .results {
        let offset = (try? box.outputs.length(ofFirst: skipped, in: body.bytes)) ?? 0
        let slice = OutputSlice(memory: body.memory, start: body.start + offset, count: body.count - offset)
        // Long ones are remembered for a while, since among them are short ones.
        box.outputLength = max(slice.count / wanted, box.outputLength / 4 * 3)
        box.bytesReceived += UInt64(slice.count)
        deliver(.outputs(first: first, count: wanted, slice), to: box, &state, &effects)
      } else if let report {
        box.failures += UInt64(wanted)
        deliver(
          .reported(first: first, count: wanted, report, link.worker, box.lent), to: box, &state,
          &effects)
      }
    }
  }

  /// Results that cannot be looked at any more, and need not be.
  private func takeKnown(
    _ header: FrameHeader, position: UInt64?, of link: WorkerLink, _ state: inout State
  ) throws(FrameError) {
    switch state.scheduler.received(
      link.place, call: header.call, first: header.first, count: Int(header.count), position: position)
    {
    case .ignore: return
    case .violation(let what): throw .unexpected(what)
    case .deliver: throw .unexpected("it answers items of call \(header.call) out of their order")
    }
  }

  /// The worker did what it must not: it is killed, and the reason kept for when it has ended.
  private func reject(_ link: WorkerLink, _ error: FrameError) {
    if link.greeting == nil {
      link.startFailure = link.startFailure ?? WorkerStartFailure(Self.startAdvice(error, pid: link.pid))
    } else {
      link.violation = link.violation ?? error.description
    }
    if link.isResultsOpen {
      link.isResultsOpen = false
      poller.remove(link.results)
    }
    kill(link)
    if link.process == nil { change { state, _ in state.scheduler.condemn(link.place) } }
  }

  private static func startAdvice(_ error: FrameError, pid: Int32) -> String {
    switch error {
    case .notProcPool:
      "the program (pid \(pid)) wrote something of its own to standard output instead of the handshake; "
        + RuntimeLoop.serveAdvice
    case .version, .unexpected, .unknownKind, .tooLong:
      "the worker (pid \(pid)) cannot be used: \(error)"
    }
  }
}
