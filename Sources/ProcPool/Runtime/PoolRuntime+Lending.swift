import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem

// Shared memory that workers have made, and lend with outputs and errors that refer to it.

/// A frame that lends shared memory, at the beginning of what is there, and the blocks of the call it is for.
struct LoanFrame {
  let header: FrameHeader
  /// `nil` if no caller waits for the call any more.
  let lent: LentBlocks?
}

extension PoolRuntime {
  /// Takes over what a worker lends.
  func borrow(
    _ frame: LoanFrame, from connection: WorkerConnection, _ incoming: inout Incoming
  ) throws(FrameError) {
    let body = incoming.received.slice(offset: FrameHeader.size, count: frame.header.bodyLength)
    guard let loan = Loan(body.bytes), loan.handles.count == frame.header.count else {
      throw .unexpected("its handles of shared memory are malformed")
    }
    incoming.received.consume(frame.header.frameLength)
    incoming.loansTaken &+= 1
    // Taken even if the call is gone: the files that follow belong to other frames.
    let files = takeFiles(loan.passedFiles, from: connection)
    if let lent = frame.lent {
      for handle in loan.handles where !lent.add(handle, from: connection.pid, files) {
        // A worker's files are closed some microseconds before its process has ended.
        if connection.process?.waitForEnd(milliseconds: Self.endingTime) == true {
          // The item has ended in the worker, and its result is lost with it, as if that had not happened.
          incoming.cut = min(incoming.cut ?? .max, frame.header.first)
        } else {
          lent.addGone(handle)
        }
      }
    }
    change { state, effects in
      let frame = FrameMemory(FrameHeader(.acknowledge, count: frame.header.count))
      post(frame, to: connection.place, &state, &effects)
    }
  }

  /// The files that a worker says it has passed. They are there: it has passed them before it said so.
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

  /// Long enough for a process with much memory on a loaded machine. Milliseconds.
  private static let endingTime: Int32 = 200

  /// Takes what lies in a worker's pipe, as far as results depend on it that have been found on its page.
  func takeLoans(of connection: WorkerConnection, _ incoming: inout Incoming) {
    let loans = connection.page.loans
    while incoming.loansTaken < loans, incoming.isOpen, readOnce(connection, &incoming) == .more {}
  }

  /// Sends a worker everything once more that it has not answered, through its pipe: it can no longer reach memory
  /// that it could reach.
  func sendAgain(to connection: WorkerConnection, _ state: inout PoolState, _ effects: inout Effects) {
    let place = connection.place
    state.workers[place]?.outgoing.reachesMemory = false
    state.workers[place]?.outgoing.outbox.append(FrameMemory(FrameHeader(.again)))
    // Also those that are cancelled: the worker counts its items.
    for chunk in state.scheduler.chunks(at: place) {
      append(chunk.rest(), byReference: false, to: place, &state)
    }
    effects.flush(connection)
    state.clockwork.needsPeek = true
  }
}
