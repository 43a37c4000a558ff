import Foundation
import Testing

@testable import ProcPool

/// `localizedDescription`, which user interfaces show, says what `description` does.
@Suite struct EveryErrorIsLocalized {
  private static let loss = WorkerLoss(
    worker: WorkerID(index: 1), pid: 4711, end: .signalled(9), cause: .signal(9), peakMemory: nil,
    standardError: "")
  private static let item = ItemID(call: 2, index: 7)
  private static let autopsy = Autopsy(
    item: item, attempt: 1, elapsed: .seconds(1), isPreparation: false, loss: loss)

  static let errors: [any Error & CustomStringConvertible] = [
    PoolError.workerLost(autopsy), PoolError.timedOut(autopsy, limit: .seconds(1)),
    PoolError.deadlineExceeded(limit: .seconds(1)), PoolError.taskUnavailable("no such task"),
    PoolError.tooManyInputs("too many"), PoolError.workersUnavailable(WorkerStartFailure("no")),
    PoolError.closed, PoolError.terminated, PoolError.cancelled(item), autopsy, loss,
    WorkerStartFailure("no such file", standardError: "a line"),
    TaskFailure(
      item: item, worker: WorkerID(index: 0), isPreparation: true, typeName: "Demo.Failure", message: "no",
      underlying: nil, underlyingFailure: "its type is not Codable"),
    CodingFailure(item: item, value: .input, isEncoding: true, message: "no"),
    SharedMemoryError.outOfDescriptors, LockError.alreadyHeld, WireError.tooDeep(limit: 3),
  ]

  @Test(arguments: errors.indices) func each(_ index: Int) {
    let error = Self.errors[index]
    #expect((error as any Error).localizedDescription == error.description)
    #expect((error as? any LocalizedError)?.errorDescription == error.description)
  }
}
