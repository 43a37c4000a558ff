import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

// Results, errors and lent memory, on their way to the coordinator.

extension WorkerSession {
  /// Creates a report of an error, which may refer to shared memory as outputs do.
  func failure(_ reason: ErrorReport.Reason, _ error: any Error) -> ItemFailureReport {
    let report = sharing.enter { ErrorReport(reason, error) }
    // Blocks of an error that could not be encoded are not lent.
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

  /// Lends the coordinator the blocks whose handles have just been written to an output, before the
  /// output is sent.
  func lendCarried(position: UInt64) throws(SystemError) {
    try lend(sharing.takeCarried(), position: position)
  }

  private func lend(_ blocks: [SharedBlock], position: UInt64) throws(SystemError) {
    lent += blocks
    // The coordinator of a worker on a thread is this process.
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
      // The results will not be read, but the current item still needs a place for its output.
      results.discard()
    }
  }

  /// Notes that the pipe to the coordinator is broken, so that the session ends.
  func loseCoordinator(_ error: SystemError? = nil) {
    isLost = true
    if let error { broken(error) }
  }
}
