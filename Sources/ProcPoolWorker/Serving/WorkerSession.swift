import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// The serving loop of a worker: reads frames, runs chunks, writes results.
@usableFromInline
final class WorkerSession: @unchecked Sendable {
  // Safety: only the serving thread uses it, on which all of its asynchronous code stays.

  private(set) var worker: WorkerID
  @usableFromInline let page: StatusPage
  @usableFromInline let results: ResultBuffer
  let clock: ActivityClock
  let maximumBody: Int
  /// Whether items are claimed one by one, whatever the coordinator suggests: without a shared
  /// page, because each result is written before the next item starts; and on a thread, which
  /// cannot be killed, so that an abandoned worker runs no further items.
  let claimsEachItem: Bool

  /// The seed of `TaskContext.random`.
  let seed: UInt64
  /// If not 0, the secret of the marks before items on standard error.
  private let itemMark: UInt64
  let coordinator: Int32
  let abilities: Abilities
  /// Mappings of the bodies of chunks that are not sent through the pipe; kept until the worker is
  /// idle.
  var bodies = BodyMappings(isWritable: false)
  /// Mappings of the rooms for outputs that are not sent through the pipe; kept until the worker is
  /// idle.
  var rooms = BodyMappings(isWritable: true)
  let tasks: Descriptor
  let pollingTime: Int64
  let callPollingTime: Int64
  /// Whether another call is expected right after the last chunk.
  var awaitsCall = false
  /// Whether there is a processor to poll on, as of the last chunk.
  private(set) var polls = false
  /// The bytes of the last chunk if its body is in the coordinator's memory: the coordinator may be
  /// preparing the next one.
  var lastBytes = 0
  var input: InputBuffer
  var calls: [CallID: ServedCall] = [:]
  /// The tasks that outlive their calls.
  var kept = KeptTasks()
  /// The task types of all calls so far, by their mangled names.
  private var taskTypes: [String: KnownTask] = [:]
  /// The task type whose name is on the page.
  private var shown: KnownTask?

  /// The position of the next item.
  var position: UInt64 = 0
  /// The items before this position are claimed.
  private(set) var claimedEnd: UInt64 = 0
  /// The current chunk, for the context of the task: its call and first item, and the position of
  /// that item.
  private(set) var current: (call: CallID, first: UInt64, position: UInt64) = (0, 0, 0)
  /// Whether results are written at the end of the current chunk.
  private var flushesAfterChunk = false
  /// The number of the attempt at the items of the current chunk, and of the next chunk.
  private(set) var attempt = 1
  private var nextAttempt = 1
  /// The Swift task that serves, and whether it was cancelled together with the running item.
  var task: Task<Void, Never>?
  private var isTaskCancelled = false
  /// Whether items of the `current` chunk are running.
  private var isInChunk = false
  /// The scope for shared values in tasks, inputs and outputs.
  let sharing = SharedScope()
  /// The blocks of the last call that has ended, which the next call may use again without mapping
  /// them. Released when the next call has run an item, or when the worker has been idle for a
  /// moment.
  var recentBlocks: KeptBlocks?
  /// The blocks that were lent with outputs and have not been acknowledged.
  var lent: [SharedBlock] = []
  var lending: Lending
  /// Whether the gate is closed: chunks are skipped until the frame that reopens it.
  private var isSkipping = false
  /// Whether the memory of a chunk could not be mapped: chunks are skipped until they are sent
  /// again.
  private var awaitsAgain = false
  var isLost = false
  /// Called when results cannot be written, before further items are committed.
  let broken: (SystemError) -> Void

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
    // A worker that cannot be killed claims one item at a time, so that all others can be taken back.
    claimsEachItem = !abilities.isSuperset(of: [.givesBack, .canBeSignalled]) || itemMark != 0
    results = ResultBuffer(
      page: connection.page, isShared: abilities.contains(.hasStatusPage), output: connection.results)
    tasks = connection.tasks
    lending = Lending(through: connection.passing)
    input = connection.input
    // A worker on a thread shares the memory of the coordinator.
    if abilities.contains(.hasOwnMemory) {
      sharing.isRefused = { [unowned self] process in
        guard process == coordinator else { return false }
        return (try? results.notify(FrameHeader(.refused))) != nil
      }
    }
  }

  /// The end of a session.
  enum Ending: Equatable {
    /// The coordinator sent an `end` frame.
    case ordered
    /// The coordinator has closed the pipe.
    case lost
    /// The coordinator sent an invalid frame.
    case broken(String)
  }

  /// Cancels the Swift task if the running item was cancelled. Called on the serving thread while
  /// it is idle; an item that computes checks `TaskContext.isCancelled`.
  func passOnCancellation() {
    guard !isTaskCancelled, page.isCancelled else { return }
    isTaskCancelled = true
    task?.cancel()
  }

  /// Serves until the coordinator ends the session or closes the pipe.
  ///
  /// - Returns: `nil` if the Swift task was cancelled with its item: another Swift task must
  ///   continue, so that the following items are not cancelled.
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
          let call = try call(of: frame)
          call.isSingle = frame.header.flags & CallMessage.singleFlag != 0
          calls[frame.header.call] = call
        case .drop: kept.drop(frame.header.first)
        case .endCall: recentBlocks = calls.removeValue(forKey: frame.header.call)?.shared
        case .acknowledge: lent.removeFirst(min(lent.count, Int(frame.header.count)))
        case .again: awaitsAgain = false
        case .resume: isSkipping = !page.reopen(epoch: frame.header.first)
        case .end:
          flush(position: position)
          return .ordered
        case .hello, .greeting, .results, .failure, .lend, .indirectResults, .unreachable, .refused,
          .prepared:
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

  /// Decodes a call from the body of its frame, unless the worker keeps its task.
  private func call(of frame: ServedChunk) throws -> ServedCall {
    let number = frame.header.first
    if let call = kept.makeCall(number) { return call }
    guard frame.header.flags & CallMessage.keptFlag == 0 else {
      throw FrameError.unexpected("a call starts from kept task \(number), which this worker does not have")
    }
    // The first item of the call follows, or has been taken back.
    return !isSkipping && !awaitsAgain && claimNext()
      ? try makeCall(frame.body, KeptBlocks(), number: number)
      : UndecodedCall(frame.body, KeptBlocks(), number: number)
  }

  /// Decodes a call from the body of its frame. The next item must be claimed, because it is blamed
  /// if decoding the task crashes or never ends.
  ///
  /// - Parameter number: the number under which the task is kept if preparing it takes long; 0 for
  ///   none.
  func makeCall(
    _ body: UnsafeRawBufferPointer, _ shared: KeptBlocks, number: UInt64
  ) throws(WireError) -> ServedCall {
    let message = try CallMessage(from: body)
    // The item is not known before its chunk has arrived.
    if !isInChunk { page.noteChunk(call: 0, first: 0, position: position) }
    note(.preparing)
    var cost = PreparationCost(number: number, measuresMemory: abilities.contains(.hasOwnMemory))
    cost.begin(taskTypes[message.typeName], bytes: message.task.count)
    let call = timed(.decoding, bytes: body.count) {
      sharing.enter(keepingIn: shared) { ServedCall.make(message, known: &taskTypes) }
    }
    cost.pause()
    note(.idle)
    call.shared = shared
    call.cost = cost
    if isInChunk { show(call.known) }
    return call
  }

  /// Runs a chunk whose body is in the coordinator's memory. If the memory cannot be mapped, the
  /// chunk is requested through the pipe.
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
      // No item of the chunk has started.
      flush(position: position)
      do throws(SystemError) {
        try results.notify(FrameHeader(.unreachable))
        awaitsAgain = true
      } catch {
        loseCoordinator(error)
      }
    }
  }

  /// - Returns: `nil` if the memory cannot be mapped: outputs are sent through the pipe then.
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
    recentBlocks = call.isSingle ? calls.removeValue(forKey: header.call)?.shared : nil
    note(.idle)
    endChunk()
  }

  /// - Returns: `false` if results cannot be written.
  private func begin(_ chunk: ServedChunk) -> Bool {
    let header = chunk.header
    current = (header.call, header.first, position)
    page.noteChunk(call: header.call, first: header.first, position: position)
    let flags = ChunkFlags(rawValue: header.flags)
    awaitsCall = flags.awaitsCall
    polls = flags.polls
    flushesAfterChunk = flags.flushes || results.flushesEachItem
    // One copy, from the pipe to the input buffer.
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
    // Text that a task has printed without a newline is written now rather than when the worker
    // exits. On a thread, standard output belongs to the program.
    if abilities.contains(.hasStandardError) { StandardError.flushOutput() }
    if flushesAfterChunk { flush(position: position) }
  }

  /// Returns the next chunk if it belongs to the current call and has arrived already.
  ///
  /// The loop over items then continues with it, because leaving and entering the loop takes longer
  /// than a short chunk.
  ///
  /// - Parameter position: the position of its first item.
  func nextChunk(at position: UInt64) -> ServedChunk? {
    // A room belongs to one chunk only.
    guard !isTaskCancelled, !isLost, itemMark == 0, results.room == nil,
      // Invalid frames are left to the serving loop.
      case .frame(let header)? = try? FrameScan.scan(input.bytes, limit: maximumBody),
      header.kind == .chunk, header.call == current.call
    else { return nil }
    ForkedCopy.endIfCopy()
    self.position = position
    // Commits the last item before anything waits for the pipe.
    note(.idle)
    endChunk()
    attempt = 1
    let chunk = take(header)
    return begin(chunk) ? chunk : nil
  }

  /// Runs work on a number of bytes, and counts its time if there are many.
  func timed<Result, Failure: Error>(
    _ activity: Activity, bytes: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard bytes >= ActivityClock.longValue else { return try body() }
    clock.enter(activity)
    defer { clock.enter(.running) }
    return try body()
  }

  /// Writes the mark of an item to standard error.
  private func mark(_ item: UInt64) {
    StandardError.flushOutput()
    ItemMark(call: current.call, item: item).bytes(secret: itemMark).withUnsafeBytes {
      StandardError.write($0)
    }
  }

  func note(_ phase: StatusPage.Phase) {
    page.note(phase, at: position)
  }

  /// The running item.
  var runningItem: ItemID {
    let progress = page.progress
    let item = progress.step ?? current.first + (progress.position - current.position)
    return ItemID(call: current.call, index: Int(item))
  }

  /// Reports the preparation of a call's task if it took long, and keeps the task for later calls
  /// if the coordinator has given it a number.
  func notePrepared(_ call: ServedCall) {
    guard let report = call.cost.end(call.known, latest: &kept.memory) else { return }
    let number = call.cost.number
    if number != 0 { kept.keep(call, as: number) }
    do {
      try results.notify(FrameHeader(.prepared, call: current.call, first: number)) { report.write(to: &$0) }
    } catch {
      loseCoordinator(error)
    }
  }

  func replace(call: CallID, by other: ServedCall) {
    other.shared = calls[call]?.shared
    calls[call] = other
  }

  /// Claims the next `count` items.
  ///
  /// - Returns: `false` if they have been taken back, or if results cannot be written.
  func claim(_ count: UInt64, position: UInt64) -> Bool {
    if results.flushesEachItem { renewResults(position: position) }
    guard !isLost else { return false }
    ForkedCopy.endIfCopy()
    isSkipping = !page.claim(count)
    if !isSkipping { claimedEnd = position + count }
    // With marks, items are claimed one by one; the first of a chunk possibly before the chunk.
    if itemMark != 0, !isSkipping, isInChunk, position > current.position {
      mark(current.first + (position - current.position))
    }
    return !isSkipping
  }

  /// Claims the next item if it is not claimed yet, before its task is decoded or prepared.
  /// Otherwise the worker would seem idle during that time, because all of its items could be taken
  /// back.
  ///
  /// - Returns: `false` if the item has been taken back.
  func claimNext() -> Bool {
    if claimedEnd > position { return true }
    return claim(1, position: position)
  }
}
