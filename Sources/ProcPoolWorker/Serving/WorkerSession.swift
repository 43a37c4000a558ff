import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// The serving loop of a worker: reads frames, runs chunks, writes results.
///
/// - Because `@unchecked Sendable`: it belongs to the serving thread, on which all of its asynchronous code
///   stays.
@usableFromInline
final class WorkerSession: @unchecked Sendable {
  private(set) var worker: WorkerID
  @usableFromInline let page: StatusPage
  @usableFromInline let results: ResultBuffer
  let clock: ActivityClock
  let maximumBody: Int
  /// Whether each item is claimed by itself, whatever the coordinator suggests. So where there is no shared
  /// page, because a result is then written before the next item starts; and on a thread, which cannot be
  /// killed, so that it does nothing beyond the item for which it is given up.
  let claimsEachItem: Bool

  /// The seed of `TaskContext.random`.
  let seed: UInt64
  /// If not 0, the secret of the marks before items on standard error.
  private let itemMark: UInt64
  private let coordinator: Int32
  private let abilities: Abilities
  /// Where the bodies of chunks lie that did not come through the pipe; kept until a moment of idleness.
  private var bodies = BodyMappings(isWritable: false)
  /// Where outputs are to lie that do not go through the pipe; likewise.
  private var rooms = BodyMappings(isWritable: true)
  private let tasks: Descriptor
  private let pollingTime: Int64
  private let callPollingTime: Int64
  /// Whether the chunk that ran last is followed by another call.
  private var awaitsCall = false
  /// Of the chunk that was run last, if the coordinator has them in its memory: it may be making the next.
  private var lastBytes = 0
  private var input: InputBuffer
  var calls: [CallID: ServedCall] = [:]
  /// The task types of all calls so far, by their mangled names.
  private var taskTypes: [String: KnownTask] = [:]
  /// The task whose name is on the page.
  private var shown: KnownTask?

  /// The position of the next item.
  var position: UInt64 = 0
  /// The items before this position are claimed.
  private(set) var claimedEnd: UInt64 = 0
  /// The chunk that is running, for the task's context: its call and first item, and the position of that
  /// item.
  private(set) var current: (call: CallID, first: UInt64, position: UInt64) = (0, 0, 0)
  /// Its results are written when it is done.
  private var flushesAfterChunk = false
  /// Which attempt at its items the chunk that is running is, and the next one.
  private(set) var attempt = 1
  private var nextAttempt = 1
  /// The Swift task that serves, and whether it was cancelled with the items that it was running.
  var task: Task<Void, Never>?
  private var isTaskCancelled = false
  /// A chunk's items are running, as `current` says.
  private var isInChunk = false
  /// For what is encoded and decoded of calls: shared blocks come and go with it.
  let sharing = SharedScope()
  /// What the last call that is over had brought: the next one may bring it again, and then finds it mapped.
  /// Gone when the next call has run something else, or after a moment of idleness.
  private var lingering: KeptBlocks?
  /// Lent with outputs, and not known to have arrived.
  private var lent: [SharedBlock] = []
  private var lending: Lending
  /// The gate was found closed: chunks are skipped until the frame that reopens it.
  private var isSkipping = false
  /// A chunk could not be reached: chunks are skipped until they come again.
  private var awaitsAgain = false
  private var isLost = false
  /// Called when results cannot be written, before anything else is said to have ended.
  private let broken: (SystemError) -> Void

  init(_ connection: consuming CoordinatorConnection, broken: @escaping (SystemError) -> Void) {
    self.broken = broken
    worker = WorkerID(index: Int(connection.hello.worker))
    coordinator = connection.hello.coordinator
    page = connection.page
    clock = page.clock
    maximumBody = connection.hello.maximumBody
    pollingTime = connection.hello.pollingTime
    callPollingTime = connection.hello.callPollingTime
    seed = connection.hello.seed
    itemMark = connection.hello.itemMark
    abilities = connection.abilities
    // Of a worker that cannot be killed, all but the running item can be taken back.
    claimsEachItem = !abilities.isSuperset(of: [.givesBack, .canBeSignalled]) || itemMark != 0
    results = ResultBuffer(
      page: connection.page, isShared: abilities.contains(.hasStatusPage), output: connection.results)
    tasks = connection.tasks
    lending = Lending(through: connection.passing)
    input = connection.input
    if abilities.contains(.hasOwnMemory) {
      sharing.isRefused = { [unowned self] process in
        guard process == coordinator else { return false }
        return (try? results.tell(FrameHeader(.refused))) != nil
      }
    }
  }

  /// How a session ended.
  enum Ending: Equatable {
    /// The coordinator said that no more will come.
    case ordered
    /// The coordinator is gone.
    case lost
    /// The coordinator sent what is no frame.
    case broken(String)
  }

  /// Cancels the Swift task if what it runs was cancelled. On the serving thread, which has nothing else to
  /// do: an item that computes looks at `TaskContext.isCancelled`.
  func passOnCancellation() {
    guard !isTaskCancelled, page.isCancelled else { return }
    isTaskCancelled = true
    task?.cancel()
  }

  /// Serves until the coordinator says that it is over, or goes.
  ///
  /// - Returns: `nil` if the Swift task was cancelled with what it ran: another one has to serve on, since
  ///   what follows must not find itself cancelled.
  func serve() async -> Ending? {
    isTaskCancelled = false
    clock.start()
    do {
      while let frame = try nextFrame() {
        if isLost { return .lost }
        switch frame.header.kind {
        case .chunk where awaitsAgain, .indirectChunk where awaitsAgain, .room where awaitsAgain,
          .attempt where awaitsAgain:
          break
        case .chunk, .indirectChunk:
          attempt = nextAttempt
          nextAttempt = 1
          lastBytes = 0
          if frame.header.kind == .chunk { await run(frame) } else { try await runIndirect(frame) }
          results.room = nil
          if isTaskCancelled { return nil }
        case .room: results.room = try room(frame.body)
        case .attempt: nextAttempt = Int(frame.header.count)
        case .seat: worker = WorkerID(index: Int(frame.header.count))
        case .call:
          // The call's first item follows, or has been taken back.
          let call =
            !isSkipping && !awaitsAgain && claimNext()
            ? try makeCall(frame.body, KeptBlocks()) : UndecodedCall(frame.body, KeptBlocks())
          call.isSingle = frame.header.flags & CallMessage.singleFlag != 0
          calls[frame.header.call] = call
        case .endCall: lingering = calls.removeValue(forKey: frame.header.call)?.shared
        case .acknowledge: lent.removeFirst(min(lent.count, Int(frame.header.count)))
        case .again: awaitsAgain = false
        case .resume: isSkipping = !page.reopen(epoch: frame.header.first)
        case .end:
          flush(position: position)
          return .ordered
        case .hello, .greeting, .results, .failure, .lend, .indirectResults, .unreachable, .refused:
          return .broken("a frame of kind \(frame.header.kind) has no place here")
        }
      }
      return .lost
    } catch let error as SystemError {
      return .broken(error.description)
    } catch {
      return .broken("\(error)")
    }
  }

  /// Makes a call of its frame's body. The next item is the one to blame if the task value cannot be decoded
  /// without a crash, or for ever: it must be claimed.
  func makeCall(_ body: UnsafeRawBufferPointer, _ shared: KeptBlocks) throws(WireError) -> ServedCall {
    let message = try CallMessage(from: body)
    // Which item it is for nobody knows before its chunk has come.
    if !isInChunk { page.noteChunk(call: 0, first: 0, position: position) }
    note(.preparing)
    let call = timed(.decoding, bytes: body.count) {
      sharing.enter(keepingIn: shared) { ServedCall.make(message, known: &taskTypes) }
    }
    note(.idle)
    call.shared = shared
    if isInChunk { show(call.known) }
    return call
  }

  /// Runs a chunk whose body lies in the coordinator's memory. If it cannot be reached, it is to come through the
  /// pipe.
  private func runIndirect(_ frame: ServedChunk) async throws {
    let location = try BodyLocation(from: frame.body)
    guard !isSkipping else { return }
    guard location.length <= maximumBody else { return loseCoordinator() }
    do throws(SystemError) {
      let body = try timed(.reading, bytes: location.length) { () throws(SystemError) in
        let mapping = try bodies.mapping(at: location, of: coordinator)
        lastBytes = location.length
        return UnsafeRawBufferPointer(
          start: mapping.base + location.memory.offset, count: location.length)
      }
      await run(ServedChunk(header: frame.header, body: body))
    } catch {
      // Nothing of it has begun.
      flush(position: position)
      do throws(SystemError) {
        try results.tell(FrameHeader(.unreachable))
        awaitsAgain = true
      } catch {
        loseCoordinator(error)
      }
    }
  }

  /// - Returns: `nil` if it cannot be reached: outputs go through the pipe then.
  private func room(_ body: UnsafeRawBufferPointer) throws(WireError) -> OutputRoom? {
    let location = try BodyLocation(from: body)
    guard !isSkipping, let mapping = try? rooms.mapping(at: location, of: coordinator) else { return nil }
    return OutputRoom(mapping, at: location)
  }

  private func run(_ chunk: ServedChunk) async {
    guard !isSkipping else { return }
    let header = chunk.header
    guard let call = calls[header.call] else { return loseCoordinator() }
    guard begin(chunk) else { return }
    show(call.known)
    sharing.kept = call.shared
    if itemMark != 0 { mark(header.first) }
    isInChunk = true
    await call.run(chunk, for: self)
    ForkedCopy.endIfCopy()
    isInChunk = false
    sharing.kept = nil
    if itemMark != 0 { mark(ItemMark.none) }
    lingering = call.isSingle ? calls.removeValue(forKey: header.call)?.shared : nil
    note(.idle)
    endChunk()
  }

  /// - Returns: `false` if the results have nowhere to go.
  private func begin(_ chunk: ServedChunk) -> Bool {
    let header = chunk.header
    current = (header.call, header.first, position)
    page.noteChunk(call: header.call, first: header.first, position: position)
    let flags = ChunkFlags(rawValue: header.flags)
    awaitsCall = flags.awaitsCall
    flushesAfterChunk = flags.flushes || results.flushesEachItem
    // Once, from where it was read to where the inputs are.
    clock.count(copied: chunk.body.count)
    do {
      try results.begin(call: header.call, first: header.first, position: position)
      return true
    } catch {
      loseCoordinator(error)
      return false
    }
  }

  private func show(_ task: KnownTask?) {
    guard task !== shown else { return }
    shown = task
    page.note(task?.label ?? TaskLabel(""))
  }

  private func endChunk() {
    // What a task has printed without ending the line is seen now and not when the worker leaves. On a thread,
    // standard output is the program's own.
    if abilities.contains(.hasStandardError) { StandardError.flushOutput() }
    if flushesAfterChunk { flush(position: position) }
  }

  /// The next chunk, if it is one more of the call that is running and has come already.
  ///
  /// So that the loop over items goes on with it: to end that, and to begin it again, takes longer than a
  /// short chunk does.
  ///
  /// - Parameter position: that of its first item.
  func nextChunk(at position: UInt64) -> ServedChunk? {
    // A room is the chunk's that it came with, and no other's.
    guard !isTaskCancelled, !isLost, itemMark == 0, results.room == nil,
      // What makes no sense is left for the serving loop to find.
      case .frame(let header)? = try? FrameScan.scan(input.bytes, limit: maximumBody),
      header.kind == .chunk, header.call == current.call
    else { return nil }
    ForkedCopy.endIfCopy()
    self.position = position
    // Its last item has ended before anything waits for the pipe.
    note(.idle)
    endChunk()
    attempt = 1
    let chunk = take(header)
    return begin(chunk) ? chunk : nil
  }

  /// The next frame; its body is valid until the next call. Results are written before the loop waits for
  /// one.
  ///
  /// - Returns: `nil` when the coordinator is gone.
  private func nextFrame() throws -> ServedChunk? {
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
          // The next frame may be one that waits for these results.
          if isLost { return nil }
          clock.enter(.waiting)
          try waitForInput()
        }
      }
    }
  }

  /// Takes the frame that comes first out of the buffer.
  private func take(_ header: FrameHeader) -> ServedChunk {
    let body = UnsafeRawBufferPointer(
      rebasing: input.bytes[FrameHeader.size...].prefix(header.bodyLength))
    input.consume(header.frameLength)
    return ServedChunk(header: header, body: body)
  }

  /// Polls for a moment, because waking a sleeping processor costs more than most frames take to come, then
  /// sleeps.
  private func waitForInput() throws(SystemError) {
    if !bodies.isEmpty { bodies.removeOld() }
    if !rooms.isEmpty { rooms.removeOld() }
    let pollingTime = awaitsCall ? callPollingTime : pollingTime
    awaitsCall = false
    if pollingTime > 0 {
      let deadline = MonotonicClock.now() + pollingTime + CopyingTime.of(lastBytes)
      repeat {
        if tasks.isReadable() { return }
        // Whoever is to send it may be waiting for this very processor.
        sched_yield()
      } while MonotonicClock.now() < deadline
    }
    if lingering != nil || !bodies.isEmpty || !rooms.isEmpty {
      if try tasks.waitUntilReady(for: Int16(POLLIN), milliseconds: Self.lingeringTime) { return }
      lingering = nil
      bodies.removeAll()
      rooms.removeAll()
    }
    try tasks.waitUntilReady(for: Int16(POLLIN))
  }

  /// A tenth of a second: a program that calls again does so within that, and one that has dropped an array
  /// hardly notices when its memory is free.
  private static let lingeringTime: Int32 = 100

  /// Does a piece of work on so many bytes, by the clock if they are many.
  func timed<Result, Failure: Error>(
    _ activity: Activity, bytes: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard bytes >= ActivityClock.longValue else { return try body() }
    clock.enter(activity)
    defer { clock.enter(.running) }
    return try body()
  }

  /// Says on standard error whose what follows is.
  private func mark(_ item: UInt64) {
    StandardError.flushOutput()
    ItemMark(call: current.call, item: item).bytes(secret: itemMark).withUnsafeBytes {
      StandardError.write($0)
    }
  }

  func note(_ phase: StatusPage.Phase) {
    page.note(phase, at: position)
  }

  /// The item that is running.
  var runningItem: ItemID {
    let progress = page.progress
    let item = progress.step ?? current.first + (progress.position - current.position)
    return ItemID(call: current.call, index: Int(item))
  }

  func replace(call: CallID, by other: ServedCall) {
    other.shared = calls[call]?.shared
    calls[call] = other
  }

  /// Claims the next `count` items.
  ///
  /// - Returns: `false` if they have been taken back, or if nobody is there to get their results.
  func claim(_ count: UInt64, position: UInt64) -> Bool {
    if results.flushesEachItem { renewResults(position: position) }
    guard !isLost else { return false }
    ForkedCopy.endIfCopy()
    isSkipping = !page.claim(count)
    if !isSkipping { claimedEnd = position + count }
    // Items are claimed one by one where they are marked; the first of a chunk perhaps before it.
    if itemMark != 0, !isSkipping, isInChunk, position > current.position {
      mark(current.first + (position - current.position))
    }
    return !isSkipping
  }

  /// Claims the next item, if it is not claimed: before what is done for its call, not only before it runs.
  /// If that never ends, the worker must not seem to be free because everything could be taken back.
  ///
  /// - Returns: `false` if it has been taken back.
  func claimNext() -> Bool {
    if claimedEnd > position { return true }
    return claim(1, position: position)
  }
}

// MARK: - Results

extension WorkerSession {
  /// Makes a report of an error, which may hold shared memory as an output may.
  func failure(_ reason: ErrorReport.Reason, _ error: any Error) -> ItemFailureReport {
    let report = sharing.enter { ErrorReport(reason, error) }
    // What could not be encoded to its end holds nothing.
    let carried = sharing.takeCarried()
    return ItemFailureReport(report: report, carried: report.value == nil ? [] : carried)
  }

  /// Ends the item at `position` with an error.
  func report(_ reason: ErrorReport.Reason, _ error: any Error, position: UInt64) {
    report(failure(reason, error), position: position)
  }

  /// Ends the item at `position` without an output.
  func report(_ failure: ItemFailureReport, position: UInt64) {
    var report = failure.report
    report.step = page.step
    if report.step != nil { page.noteNoStep() }
    do {
      if !failure.carried.isEmpty { try lend(failure.carried, position: position) }
      let item = current.first + (position - current.position)
      try results.addFailure(report, call: current.call, first: item, count: 1, position: position)
    } catch {
      loseCoordinator(error)
    }
  }

  /// Lends the coordinator the blocks whose handles have just been written into an output, before that is on
  /// its way.
  func lendCarried(position: UInt64) throws(SystemError) {
    try lend(sharing.takeCarried(), position: position)
  }

  private func lend(_ blocks: [SharedBlock], position: UInt64) throws(SystemError) {
    lent += blocks
    // A coordinator whose memory this is has all files.
    let files = abilities.contains(.hasOwnMemory) ? SharedBlock.files(of: blocks) : []
    var passed = 0
    if !files.isEmpty {
      ForkedCopy.endIfCopy()
      clock.enter(.writing)
      defer { clock.enter(.running) }
      passed = try lending.pass(files)
    }
    try results.lend(
      Loan.words(of: blocks, passedFiles: passed), count: blocks.count, call: current.call, position: position
    )
  }

  func flush(position: UInt64) {
    do {
      try results.flush(position: position)
    } catch {
      loseCoordinator(error)
    }
  }

  @usableFromInline
  func renewResults(position: UInt64) {
    do {
      try results.renew(position: position)
    } catch {
      loseCoordinator(error)
      // Nobody will read them, and the item that is ending still needs a place for its output.
      results.discard()
    }
  }

  /// The pipe to the coordinator is broken: there is nobody to work for.
  func loseCoordinator(_ error: SystemError? = nil) {
    isLost = true
    if let error { broken(error) }
  }
}
