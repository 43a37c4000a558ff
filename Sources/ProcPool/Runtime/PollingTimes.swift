/// How long workers poll for the next frame or call before they sleep, in nanoseconds.
struct PollingTimes: Equatable {
  /// The polling time for the next frame, while no more than `mostWorkers` are busy.
  let frame: Int64
  /// The polling time for the next call, if calls follow each other as in a loop.
  let call: Int64
  /// The number of processors that workers may use: when more workers are busy, polling takes time
  /// from them.
  let mostWorkers: Int

  /// - Parameters:
  ///   - processors: the number of processors that the coordinator may use.
  ///   - quota: the control group's CPU quota, in CPUs; `nil` if it sets none.
  init(workers: Int, processors: Int, quota: Double?, limits: WorkerLimits) {
    mostWorkers = min(processors, limits.processors?.count ?? processors)
    // Short, because a sleeping thread responds almost as fast and takes no processor time.
    frame = 50_000
    // Longer between calls: a worker that slept starts its part of the next call 50 to 150 µs later
    // than one that polled (measured on a virtual machine), which is the duration of small parts.
    // Other runtimes poll for longer here: LLVM's OpenMP 200 ms (`KMP_BLOCKTIME`), GCC's 300 000
    // turns of a loop (`GOMP_SPINCOUNT`). Not with limited processor time, which polling would take
    // from the items, or from the caller, which is awake at that time. And only if every worker has
    // a processor, because all of them await the call.
    let isCounted = quota.map { $0 < Double(workers + 1) } ?? false || limits.processorTime != nil
    call = workers > mostWorkers ? 0 : isCounted ? frame : 2_000_000
  }
}
