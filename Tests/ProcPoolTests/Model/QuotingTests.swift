import ProcPoolSystem
import ProcPoolWorker
import Testing

@testable import ProcPool

/// What a hostile task, file or name says: a red title, a line of its own, letters turned around.
private let hostile = "x\u{1B}[31m\u{1B}]0;title\u{7}\u{9B}2J\u{7F}\u{202E}\rz"

@Suite struct MessagesShowWhatOthersWroteAndDoNotDoIt {
  private static let item = ItemID(call: 2, index: 7)
  private static let worker = WorkerID(index: 0)

  private static let loss = WorkerLoss(
    worker: worker, pid: 4711, end: .signalled(4), cause: .trap(message: hostile), peakMemory: nil,
    standardError: "first\n\tsecond \(hostile)\n")

  private static let messages: [(name: String, text: String)] = [
    (
      "taskFailed",
      "\(PoolError.taskFailed(TaskFailure(item: item, worker: worker, isPreparation: false, typeName: hostile, message: hostile, underlying: nil, underlyingFailure: hostile)))"
    ),
    (
      "notCodable",
      "\(PoolError.notCodable(CodingFailure(item: item, value: .input, isEncoding: true, message: hostile)))"
    ),
    (
      "workerLost",
      "\(PoolError.workerLost(Autopsy(item: item, attempt: 1, elapsed: .zero, isPreparation: false, loss: loss)))"
    ),
    (
      "timedOut",
      "\(PoolError.timedOut(Autopsy(item: item, attempt: 1, elapsed: .zero, isPreparation: false, loss: loss), limit: .seconds(1)))"
    ),
    ("taskUnavailable", "\(PoolError.taskUnavailable(hostile))"),
    (
      "workersUnavailable",
      "\(PoolError.workersUnavailable(WorkerStartFailure(hostile, standardError: hostile)))"
    ),
    ("violation", "\(LikelyCause.protocolViolation(hostile))"),
    ("trap", "\(LikelyCause.trap(message: hostile))"),
    ("event lost", "\(PoolEvent.Kind.workerLost(loss, item: item))"),
    ("event start", "\(PoolEvent.Kind.workerFailedToStart(worker, WorkerStartFailure(hostile)))"),
    ("event end", "\(PoolEvent.Kind.failed(WorkerStartFailure(hostile)))"),
    ("call", "\(SystemError(call: "open(/dev/shm/\(hostile))", code: 2))"),
    ("name", "\(SharedMemoryError.unusableName(hostile, reason: hostile))"),
    ("gone", "\(SharedMemoryError.gone(hostile))"),
    ("mismatched", "\(SharedMemoryError.mismatched(hostile))"),
    ("denied", "\(SharedMemoryError.denied(hostile))"), ("system", "\(SharedMemoryError.system(hostile))"),
  ]

  @Test(arguments: messages.indices) func everyDescriptionIsText(_ index: Int) {
    let (name, text) = Self.messages[index]
    let acted = text.unicodeScalars.filter { $0.isActedOn && $0 != "\n" && $0 != "\t" }
    #expect(acted.isEmpty, "\(name): \(text.debugDescription)")
    #expect(text.contains("x\\u{1B}[31m\\u{1B}]0;title\\u{7}\\u{9B}2J\\u{7F}\\u{202E}\\u{D}z"), "\(name)")
  }

  @Test func whatAProgramReadsIsAsItWas() {
    let failure = TaskFailure(
      item: Self.item, worker: Self.worker, isPreparation: false, typeName: "E", message: hostile,
      underlying: nil, underlyingFailure: nil)
    #expect(failure.message == hostile && Self.loss.standardError.contains(hostile))
    #expect(Self.loss.cause == .trap(message: hostile))
  }

  @Test func linesOfAMessageStayLines() {
    let failure = TaskFailure(
      item: Self.item, worker: Self.worker, isPreparation: false, typeName: "E", message: "one\n\ttwo",
      underlying: nil, underlyingFailure: nil)
    #expect("\(failure)".hasSuffix(": E: one\n\ttwo"))
    #expect("\(Self.loss)".contains("\n  | first\n  | \tsecond x"))
  }
}

@Suite struct TheNumberOfWorkersIsExplained {
  @Test func byTheFileThatLimitsThem() throws {
    func text(_ quota: Double?, _ file: String) throws -> String {
      try PoolSizing(.automatic, allowance: ProcessorAllowance(affinity: 8, quota: quota, quotaFile: file))
        .description
    }
    #expect(try text(1.5, "cpu.max").contains("limits this process to 1.5 CPUs (cpu.max), of the 8"))
    #expect(
      try text(1.5, "cpu.cfs_quota_us").contains(
        "limits this process to 1.5 CPUs (cpu.cfs_quota_us), of the 8"))
    #expect(try !text(1.5, "cpu.cfs_quota_us").contains("cpu.max"))
    #expect(try text(nil, "cpu.max") == "8 workers: one for each processor that this process may run on")
    #expect(try PoolSizing(.automatic, allowance: .init(affinity: 8, quota: nil)).quotaFile == nil)
  }
}
