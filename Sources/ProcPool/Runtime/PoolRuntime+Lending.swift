import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem

// Shared memory that workers have created, and lend with outputs and errors that refer to it.

/// The first received frame, which lends shared memory, and the blocks of the call it belongs to.
struct LoanFrame {
  let header: FrameHeader
  /// `nil` if the call is retired.
  let lent: LentBlocks?
}

extension PoolRuntime {
  /// Takes the blocks that a worker lends.
  func borrow(
    _ frame: LoanFrame, from connection: WorkerConnection, _ incoming: inout Incoming
  ) throws(FrameError) {
    let body = incoming.received.slice(offset: FrameHeader.size, count: frame.header.bodyLength)
    guard let loan = Loan(body.bytes), loan.handles.count == frame.header.count else {
      throw .unexpected("its handles of shared memory are malformed")
    }
    incoming.received.consume(frame.header.frameLength)
    incoming.loansTaken &+= 1
    // Taken even if the call is gone, because the next files belong to other frames.
    let files = takeFiles(loan.passedFiles, from: connection)
    if let lent = frame.lent {
      for handle in loan.handles {
        let isTaken = lent.add(handle, from: connection.pid, files) {
          connection.process?.isEnding(milliseconds: Self.endingTime) == true
        }
        if isTaken { continue }
        // The item has ended in the worker, but its result is lost with the worker, so it counts
        // as not ended.
        incoming.cut = min(incoming.cut ?? .max, frame.header.first)
      }
    }
    change { state, effects in
      let frame = FrameMemory(FrameHeader(.acknowledge, count: frame.header.count))
      post(frame, to: connection.place, &state, &effects)
    }
  }

  /// The files that a worker says it has passed. They have arrived, because it passes them before
  /// it sends the frame.
  private func takeFiles(_ count: Int, from connection: WorkerConnection) -> PassedFiles {
    var numbers: [Int32] = []
    var isCut = false
    var left = count
    switch connection.passing {
    case .none: break
    case .some(let passing):
      while left > 0, let some = passing.takePassed() {
        numbers += some.numbers
        isCut = isCut || some.isCut
        left -= min(left, Descriptor.mostPassedAtOnce)
      }
    }
    return PassedFiles(owning: numbers, isCut: isCut)
  }

  /// The time limit for the end of a worker whose process this one may not see, in milliseconds:
  /// long enough for a process with much memory on a loaded machine.
  private static let endingTime: Int32 = 200

  /// Reads the frames in a worker's pipe on which results found on its page depend.
  func takeLoans(of connection: WorkerConnection, _ incoming: inout Incoming) {
    let loans = connection.page.loans
    while incoming.loansTaken < loans, incoming.isOpen, readOnce(connection, &incoming) == .more {}
  }

  /// Sends a worker all unanswered chunks again through its pipe, because it can no longer map
  /// memory that it could map before.
  func sendAgain(to connection: WorkerConnection, _ state: inout PoolState, _ effects: inout Effects) {
    guard let entry = state.workers[connection] else { return }
    entry.outgoing.reachesMemory = false
    entry.outgoing.outbox.append(FrameMemory(FrameHeader(.again)))
    // Including items of retired calls, because the worker counts its items.
    for chunk in state.scheduler.chunks(at: connection.place) {
      append(chunk.rest(), byReference: false, to: entry)
    }
    effects.flush(connection)
    state.clockwork.needsPeek = true
  }
}
