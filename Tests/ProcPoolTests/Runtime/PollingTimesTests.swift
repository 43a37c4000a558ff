import Testing

@testable import ProcPool

@Suite struct WorkersPollWhereTheTimeIsNobodyElses {
  private func times(
    _ workers: Int, processors: Int = 4, quota: Double? = nil, limits: WorkerLimits = WorkerLimits()
  ) -> [Int64] {
    let times = PollingTimes(workers: workers, processors: processors, quota: quota, limits: limits)
    return [times.frame, times.call, Int64(times.mostWorkers)]
  }

  @Test func aPoolWithAProcessorForEachPolls() {
    for workers in 1...4 { #expect(times(workers) == [50_000, 2_000_000, 4]) }
  }

  @Test func aPoolWithMoreWorkersThanProcessorsDoesWhileFewAreBusy() {
    #expect(times(5) == [50_000, 0, 4])
    #expect(times(2, limits: WorkerLimits(processors: [0])) == [50_000, 0, 1])
    #expect(times(2, limits: WorkerLimits(processors: [0, 3])) == [50_000, 2_000_000, 2])
  }

  @Test func whereProcessorTimeIsCountedItIsNotSpentBetweenCalls() {
    #expect(times(4, quota: 4.5) == [50_000, 50_000, 4])
    #expect(times(4, quota: 5) == [50_000, 2_000_000, 4])
    #expect(times(1, limits: WorkerLimits(processorTime: .seconds(60))) == [50_000, 50_000, 4])
  }
}
