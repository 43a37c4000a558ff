import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// Shared memory that workers have made, and lend with outputs and errors that refer to it.

/// A frame that lends shared memory, at the beginning of what is there, and who it is for.
struct LoanFrame {
  let header: FrameHeader
  /// `nil` if nobody waits for the call any more.
  let lent: LentBlocks?
}

extension PoolRuntime {
  /// Takes over what a worker lends. Needs `receiving`.
  func borrow(_ frame: LoanFrame, from link: WorkerLink) throws(FrameError) {
    let body = link.received.slice(offset: FrameHeader.size, count: frame.header.bodyLength)
    guard let loan = Loan(body.bytes), loan.handles.count == frame.header.count else {
      throw .unexpected("its handles of shared memory are malformed")
    }
    link.received.consume(frame.header.frameLength)
    link.loansTaken &+= 1
    // Taken though nobody may want them: those that follow belong to others.
    let files = takeFiles(loan.passedFiles, from: link)
    if let lent = frame.lent {
      for handle in loan.handles where !lent.add(handle, from: link.pid, files) {
        if hasEnded(link) {
          // The item has ended in the worker, and its result is lost with it, as if that had not happened.
          link.cut = min(link.cut ?? .max, frame.header.first)
        } else {
          lent.addGone(handle)
        }
      }
    }
    change { _, effects in
      post(FrameMemory(FrameHeader(.acknowledge, count: frame.header.count)), to: link, &effects)
    }
  }

  /// The files that a worker says it has passed. They are there: it has passed them before it said so.
  private func takeFiles(_ count: Int, from link: WorkerLink) -> PassedFiles {
    var numbers: [Int32] = []
    var isCut = false
    var left = count
    switch link.passing {
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

  /// Whether a worker has ended, or is about to: its files are closed some microseconds before its process has ended.
  private func hasEnded(_ link: WorkerLink) -> Bool {
    switch link.process {
    case .none: false
    case .some(let process):
      (try? process.descriptor.waitUntilReady(for: 1, milliseconds: Self.endingTime)) ?? true
    }
  }

  /// Long enough for a process with much memory on a loaded machine. Milliseconds.
  private static let endingTime: Int32 = 200

  /// Takes what lies in a worker's pipe, as far as results depend on it that have been found on its page.
  func takeLoans(of link: WorkerLink) {
    let loans = link.page.loans
    while link.loansTaken < loans, link.isResultsOpen, readOnce(link) == .more {}
  }

  /// The part of some results that has not been lost with the worker.
  func beforeCut(
    _ header: FrameHeader, _ body: OutputSlice, of box: CallBox?, position: UInt64?, _ link: WorkerLink,
    _ state: borrowing State
  ) -> (header: FrameHeader, body: OutputSlice) {
    guard let cut = link.cut else { return (header, body) }
    var header = header
    let start = position ?? state.scheduler.places[link.place].streamPosition
    guard start < cut else {
      header.count = 0
      return (header, body)
    }
    guard cut - start < UInt64(header.count) else { return (header, body) }
    header.count = UInt32(cut - start)
    guard header.kind == .results, let box,
      let length = try? box.outputs.length(ofFirst: Int(header.count), in: body.bytes)
    else { return (header, body) }
    return (header, OutputSlice(memory: body.memory, start: body.start, count: length))
  }

  /// Sends a worker everything once more that it has not answered, through its pipe: it cannot reach memory any more
  /// that it could reach.
  func sendAgain(to link: WorkerLink, _ state: inout State, _ effects: inout Effects) {
    link.reachesMemory = false
    link.outbox.append(FrameMemory(FrameHeader(.again)))
    for chunk in state.scheduler.places[link.place].queue {
      // Cancelled ones, too: the worker counts its items.
      let rest = chunk.rest()
      if rest.attempt > 1 {
        link.outbox.append(FrameMemory(FrameHeader(.attempt, count: UInt32(rest.attempt))))
      }
      link.outbox.append(rest.payload.memory, from: rest.payload.start, to: rest.payload.end)
    }
    if effects.flushes.last !== link { effects.flushes.append(link) }
    state.needsTick = true
  }
}
