import Glibc
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

  /// Submits the one chunk of a call and, if a worker is idle and the answer may come soon, reads it on this
  /// thread: the two threads that would have to be woken otherwise cost more than a short item does.
  ///
  /// Polls while a processor is left for it, and rarely for tasks whose answers did not come in time lately.
  ///
  /// - Parameters:
  ///   - key: the type of the task.
  ///   - isReady: whether the answer has come.
  func submitAndPoll(_ chunks: [Chunk<InputSlice>], key: ObjectIdentifier, until isReady: () -> Bool) {
    guard settings.pollingTime > 0, let call = chunks.first?.call else { return submit(chunks) }
    let (link, effects) = decide { state, effects -> WorkerLink? in
      state.scheduler.accept(chunks, now: MonotonicClock.now())
      guard state.scheduler.busyPlaces < PoolSizing.processors,
        state.polling[key, default: PollingRecord()].mayPoll()
      else { return nil }
      let place = state.scheduler.places.firstIndex { $0.queue.count == 1 && $0.queue.first!.call == call }
      return place.flatMap { state.links[$0] }
    }
    guard let link else { return carryOut(effects) }
    // So that the answer does not wake the runtime thread. Fails only for a worker that has just ended.
    try? poller.modify(link.results, for: [], token: LinkToken(link, .results).rawValue)
    carryOut(effects)
    let bytes = chunks.reduce(0) { $0 + $1.payload.byteCount } + (chunks.first?.payload.room?.expected ?? 0)
    poll([link], key: key, for: Self.pollingTime + CopyingTime.of(bytes), until: isReady)
  }

  /// Reads the answers to the last few items of a call on this thread, if they may come soon: as
  /// `submitAndPoll` does, and for the same reason.
  ///
  /// - Parameter key: the type of the task.
  func pollForEnd(of box: CallBox, key: ObjectIdentifier) {
    guard settings.pollingTime > 0 else { return }
    let links = state.withLock { state -> [WorkerLink] in
      guard !box.hasChanged, state.scheduler.isEnding(box.id),
        state.scheduler.busyPlaces <= PoolSizing.processors,
        state.polling[key, default: PollingRecord()].mayPoll()
      else { return [] }
      box.waitsForEnd = true
      return state.scheduler.places.indices.compactMap { index in
        state.scheduler.places[index].queue.contains { $0.call == box.id } ? state.links[index] : nil
      }
    }
    guard !links.isEmpty else { return }
    for link in links { try? poller.modify(link.results, for: [], token: LinkToken(link, .results).rawValue) }
    poll(links, key: key, for: Self.pollingTime) { state.withLock { _ in box.hasChanged } }
  }

  /// Reads what comes from workers of which the poller tells nothing, for a moment; then it does again.
  private func poll(
    _ links: [WorkerLink], key: ObjectIdentifier, for time: Int64, until isReady: () -> Bool
  ) {
    let deadline = MonotonicClock.now() + time
    while !isReady(), MonotonicClock.now() < deadline {
      for link in links {
        // The end of the stream is left to the runtime thread, which will see it too.
        _ = receiving.withLockIfAvailable { _ in link.isResultsOpen ? readOnce(link) : .closed }
      }
      // Whoever is to answer may be waiting for this very processor.
      sched_yield()
    }
    for link in links {
      try? poller.modify(link.results, for: .readable, token: LinkToken(link, .results).rawValue)
    }
    let isHit = isReady()
    state.withLock { $0.polling[key, default: PollingRecord()].note(isHit: isHit) }
  }

  /// How long a caller polls for an answer, beside the time that long payloads take: somewhat longer than a worker that sleeps takes
  /// to wake up and to answer, on a virtual machine too, where that is 80 to 150 µs (measured). With less,
  /// calls that have once been too late for the worker's own polling would all be: each would find it asleep.
  /// Nanoseconds.
  private static let pollingTime: Int64 = 200_000

  /// Takes the frames that are complete out of what has been read from a worker.
  func receive(_ link: WorkerLink, bytes: Int) {
    do throws(FrameError) {
      if !link.hasPreamble {
        guard try Preamble.check(link.received.bytes) else { return }
        link.hasPreamble = true
        link.received.consume(Preamble.size)
      }
      state.withLock { $0.statistics.bytesReceived += UInt64(bytes) }
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
  ) -> Result<Loan?, FrameError> {
    do throws(FrameError) {
      while case .frame(let header) = try scan(link) {
        if header.kind == .lend, link.greeting != nil {
          return .success(Loan(header: header, lent: state.boxes[header.call]?.lent))
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

  /// A frame that lends shared memory, at the beginning of what is there, and who it is for.
  private struct Loan {
    let header: FrameHeader
    /// `nil` if nobody waits for the call any more.
    let lent: LentBlocks?
  }

  private func borrow(_ loan: Loan, from link: WorkerLink) throws(FrameError) {
    let body = link.received.slice(offset: FrameHeader.size, count: loan.header.bodyLength)
    guard let handles = SharedHandle.handles(in: body.bytes), handles.count == loan.header.count else {
      throw .unexpected("its handles of shared memory are malformed")
    }
    link.received.consume(loan.header.frameLength)
    if let lent = loan.lent { for handle in handles { lent.add(handle, from: link.pid) } }
    change { _, effects in
      post(FrameMemory(FrameHeader(.acknowledge, count: loan.header.count)), to: link, &effects)
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
        throw .unexpected("it sent a \(header.kind) frame before its greeting")
      }
      return try greet(link, body.bytes, &state)
    }
    switch header.kind {
    case .results, .failure, .resultsElsewhere:
      try take(header, body, position: nil, of: link, &state, &effects)
    case .hello, .call, .chunk, .chunkElsewhere, .room, .attempt, .seat, .resume, .endCall, .end,
      .acknowledge, .greeting, .lend:
      throw .unexpected("it sent a \(header.kind) frame")
    }
  }

  private func greet(
    _ link: WorkerLink, _ body: UnsafeRawBufferPointer, _ state: inout State
  ) throws(FrameError) {
    guard let greeting = try? Greeting(from: body) else { throw .unexpected("its greeting is malformed") }
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
  private func take(
    _ header: FrameHeader, _ body: OutputSlice, position: UInt64?, of link: WorkerLink, _ state: inout State,
    _ effects: inout Effects
  ) throws(FrameError) {
    if header.kind == .resultsElsewhere {
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
    let count = Int(header.count)
    let box = state.boxes[header.call]
    if header.kind == .results, let box {
      guard (try? box.outputs.length(ofFirst: count, in: body.bytes)) == body.count else {
        throw .unexpected("its results for call \(header.call) are malformed")
      }
    }
    // Before the scheduler hears of it: what cannot be read ends nothing.
    let report = header.kind == .failure ? try? ErrorReport(from: body.bytes) : nil
    if header.kind == .failure, report == nil { throw .unexpected("its report of a failure is malformed") }
    if report?.reason == .bodyUnreachable { link.reachesMemory = false }
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
      if header.kind == .results {
        let offset = (try? box.outputs.length(ofFirst: skipped, in: body.bytes)) ?? 0
        let slice = OutputSlice(memory: body.memory, start: body.start + offset, count: body.count - offset)
        // Long ones are remembered for a while, since among them are short ones.
        box.outputLength = max(slice.count / wanted, box.outputLength / 4 * 3)
        deliver(.outputs(first: first, count: wanted, slice), to: box, &state, &effects)
      } else if let report {
        deliver(
          .reported(first: first, count: wanted, report, link.worker), to: box, &state,
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
    link.kill()
    if link.process == nil { change { state, _ in state.scheduler.condemn(link.place) } }
  }

  private static func startAdvice(_ error: FrameError, pid: Int32) -> String {
    switch error {
    case .notProcPool:
      "the program (pid \(pid)) wrote something of its own to standard output where a worker greets; "
        + RuntimeLoop.serveAdvice
    case .version, .unexpected, .unknownKind, .tooLong:
      "the worker (pid \(pid)) cannot be used: \(error)"
    }
  }
}

/// Whether polling for the answers of a kind of task has paid lately.
struct PollingRecord {
  private var misses = 0
  private var skipped = 0

  /// So many misses in a row are taken for a habit, and from then on only one call in so many tries again: a
  /// task that takes longer costs its callers some three microseconds of polling each.
  private static let patience = 2
  private static let interval = 64

  mutating func mayPoll() -> Bool {
    if misses < Self.patience { return true }
    skipped = (skipped + 1) % Self.interval
    return skipped == 0
  }

  mutating func note(isHit: Bool) {
    misses = isHit ? 0 : misses + 1
  }
}

// MARK: - Results that a worker has not written

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
    change { state, effects in
      take(unwritten, of: link, &state, &effects)
      state.scheduler.measure(link.place, now: MonotonicClock.now())
    }
  }

  /// Takes results that lie in the memory shared with a worker.
  ///
  /// What does not add up is left for the pipe: the memory may have changed while it was copied.
  private func take(
    _ unwritten: UnwrittenResults, of link: WorkerLink, _ state: inout State, _ effects: inout Effects
  ) {
    let memory = unwritten.memory
    var position = unwritten.position
    var left = unwritten.items
    var offset = 0
    while left > 0, offset + FrameHeader.size <= memory.capacity,
      var header = try? FrameHeader(loading: memory.base + offset),
      [.results, .failure, .resultsElsewhere].contains(header.kind)
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

  /// A worker has ended and everything that it wrote has been taken.
  func finish(_ link: WorkerLink, _ end: ProcessEnd) {
    let standardError = link.words.lastLines.text
    // A thread cannot be killed: the item that it has claimed may run to its end, and the rest it never gets.
    let begun =
      link.process == nil ? StatusPage.Progress(position: link.page.takeBack().position, phase: .idle) : nil
    let unwritten = UnwrittenResults(of: link)
    let memory = end == .signalled(SIGKILL) ? memoryKills.advance() : nil
    change { state, effects in
      let now = MonotonicClock.now()
      state.links[link.place] = nil
      let (times, copied) = link.page.spent
      state.spentByFormer &+= times
      state.statistics.bytesCopied &+= copied
      if link.greeting == nil {
        let failure =
          link.startFailure.map { WorkerStartFailure($0.message, standardError: standardError) }
          ?? WorkerStartFailure(pid: link.pid, endedWith: end, standardError: standardError)
        state.scheduler.failedToStart(link.place, failure, now: now)
      } else {
        // With its end in one step, lest it be given more because it has nothing left to do.
        if let unwritten { take(unwritten, of: link, &state, &effects) }
        let loss = WorkerLoss(
          of: link, end, standardError: standardError, memory: memory, limits: settings.limits)
        switch state.scheduler.places[link.place].state {
        case .leaving, .standby: break
        default: state.statistics.workersLost += 1
        }
        state.scheduler.lost(
          link.place, progress: begun ?? (link.isPageShared ? link.page.progress : nil), loss: loss, now: now)
      }
    }
  }
}

extension WorkerLoss {
  init(
    of link: WorkerLink, _ end: ProcessEnd, standardError: String, memory: LikelyCause.MemoryLimit?,
    limits: ResourceLimits
  ) {
    self.init(
      worker: link.worker, pid: link.pid, end: end,
      cause: LikelyCause(
        end: end, crash: link.page.crash, violation: link.violation, condemnation: link.condemnation,
        memory: memory,
        peakMemory: link.peakMemory, limits: limits, standardError: standardError),
      peakMemory: link.peakMemory, standardError: standardError)
  }
}

extension WorkerStartFailure {
  /// Of a program that ended before it greeted.
  init(pid: Int32, endedWith end: ProcessEnd, standardError: String) {
    if end == .exited(status: WorkerMark.forgotToServe) {
      self.init(
        "the program was started as a worker and made a pool of its own instead of serving; "
          + RuntimeLoop.serveAdvice, standardError: standardError)
      return
    }
    let isProgramsOwn = if case .exited(let status) = end { status != WorkerMark.gaveUp } else { false }
    let advice = isProgramsOwn ? "; " + RuntimeLoop.serveAdvice : ""
    self.init(
      "the program (pid \(pid)) ended with \(end) before it greeted\(advice)", standardError: standardError)
  }
}

/// A copy of what a worker has finished and not written.
private struct UnwrittenResults {
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
