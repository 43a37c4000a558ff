/// How long workers poll for what comes next before they sleep, in nanoseconds.
struct PollingTimes: Equatable {
  /// For the next frame.
  let frame: Int64
  /// For the next call, where calls follow each other as in a loop.
  let call: Int64

  /// - Parameters:
  ///   - processors: how many the coordinator may use.
  ///   - quota: the control group's CPU quota, in CPUs; `nil` if it sets none.
  init(workers: Int, processors: Int, quota: Double?, limits: WorkerLimits) {
    // Only where every worker has a processor: elsewhere the time would be another worker's.
    guard workers <= min(processors, limits.processors?.count ?? processors) else {
      (frame, call) = (0, 0)
      return
    }
    // Brief: more would cost processor time for what a sleeping thread gives nearly as well.
    frame = 50_000
    // Longer between calls: a worker that slept begins its part of the next one 50 to 150 µs after one that did not
    // (measured on a virtual machine), which is as long as small parts take. Other runtimes do more of it in
    // that place: LLVM's OpenMP 200 ms (`KMP_BLOCKTIME`), GCC's 300 000 turns of a loop (`GOMP_SPINCOUNT`).
    // Not where the time is counted: it would be taken from the items, or from the caller, who is awake then.
    let isCounted = quota.map { $0 < Double(workers + 1) } ?? false || limits.processorTime != nil
    call = isCounted ? frame : 2_000_000
  }
}
