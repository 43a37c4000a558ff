import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem

// Tasks that workers keep between calls: sends the frames that follow from the decisions of
// `KeptTaskTable`.

extension PoolRuntime {
  /// Sends a worker the task of a call: its bytes, or its number if the worker keeps it.
  func sendTask(
    of box: CallRecord, to place: PlaceID, _ state: inout PoolState, _ effects: inout Effects
  ) {
    guard let key = box.taskKey else { return post(box.callFrame, to: place, &state, &effects) }
    if box.taskNumber == 0 {
      box.taskNumber = state.keptTasks.begin(key)
      box.callFrame.number(task: box.taskNumber)
    }
    guard state.keptTasks.use(box.taskNumber, at: place) else {
      box.wasSentWhole = true
      return post(box.callFrame, to: place, &state, &effects)
    }
    state.ledger.statistics.preparations.reused += 1
    let flags = CallMessage.keptFlag | (box.completion == nil ? 0 : CallMessage.singleFlag)
    let header = FrameHeader(.call, flags: flags, call: box.id, first: box.taskNumber)
    post(FrameMemory(header), to: place, &state, &effects)
  }

  /// Ends the use of a task by a call that the scheduler has forgotten.
  func endTask(of box: CallRecord, _ state: inout PoolState) {
    guard let key = box.taskKey, box.taskNumber != 0 else { return }
    state.keptTasks.end(key, box.taskNumber, wasCheap: box.wasSentWhole && !box.wasReported)
  }

  /// Handles a worker's report of a long preparation.
  func notePrepared(
    _ header: FrameHeader, _ body: UnsafeRawBufferPointer, by connection: WorkerConnection,
    _ state: inout PoolState, _ effects: inout Effects
  ) throws(FrameError) {
    guard let report = try? PreparationReport(from: body) else {
      throw .unexpected("its report of a preparation is malformed")
    }
    let place = connection.place
    let number = header.first
    var reason = PreparationReason.notKept
    var dropped = number == 0 ? [] : [number]
    if let box = state.calls[header.call] {
      box.wasReported = true
      if number != 0, let key = box.taskKey, box.taskNumber == number {
        reason = state.keptTasks.reason(for: key, at: place)
        let blocks = box.callFrame.shared
        let memory = max(Int64(clamping: report.memory), Int64(key.byteCount))
        dropped = state.keptTasks.note(
          key, number, at: place, memory: memory, blocks: blocks.map(\.nonce))
        watch(blocks)
      }
    }
    state.ledger.statistics.preparations.note(reason, time: report.time)
    for number in dropped { drop(number, at: place, &state, &effects) }
  }

  private func drop(_ number: UInt64, at place: PlaceID, _ state: inout PoolState, _ effects: inout Effects) {
    post(FrameMemory(FrameHeader(.drop, first: number)), to: place, &state, &effects)
  }

  // MARK: - Shared memory

  /// Makes workers release a task when the program releases a block whose handle is in the task.
  private func watch(_ blocks: [SharedBlock]) {
    for block in blocks {
      block.whenReleased(for: ObjectIdentifier(self)) { [weak self] nonce in
        // A block may be released anywhere, including under the pool's lock.
        guard let self, !isInCopy else { return }
        releasedBlocks.withLock { _ = $0.insert(nonce) }
        poller.wake()
      }
    }
  }

  func dropTasksOfReleasedBlocks() {
    let blocks = releasedBlocks.withLock { blocks in
      defer { blocks = [] }
      return blocks
    }
    guard !blocks.isEmpty else { return }
    change { state, effects in
      for (place, number) in state.keptTasks.release(blocks) { drop(number, at: place, &state, &effects) }
    }
  }
}

extension PreparationStatistics {
  mutating func note(_ reason: PreparationReason, time: UInt64) {
    switch reason {
    case .first: firstInWorker += 1
    case .workerReplaced: afterReplacement += 1
    case .evicted: afterEviction += 1
    case .otherValue: ofOtherValue += 1
    case .notKept: notKept += 1
    }
    self.time += .nanoseconds(Int64(clamping: time))
  }
}
