import ProcPoolWorker

// Derives what limits a call from its figures. Nothing is measured here, so the same figures always
// have the same result.

extension Explanation {
  /// - Parameters:
  ///   - workers: the number of workers of the pool.
  ///   - processors: the number of processors that this process may run on.
  init(_ call: CallStatistics, workers: Int, processors: Int) {
    let diagnosis = Diagnosis(call, workers: workers, processors: processors)
    self.init(summary: diagnosis.summary, limits: diagnosis.limits)
  }
}

private struct Diagnosis {
  let call: CallStatistics
  let workers: Int
  let processors: Int

  // Shares of the total time of all workers.
  let running: Double
  let copying: Double
  let waiting: Double
  /// The share of the time of the processors that workers could have used but did not. With more
  /// workers than processors, some of the workers always wait.
  let idle: Double
  /// The average number of workers that ran items.
  let atWork: Double

  /// The coordinator's time, as a multiple of the call's: several threads may contribute.
  let coordinatorBusy: Double

  /// The minimum share of the time that a limit must cost to be reported. Less is hardly worth
  /// changing.
  static let worthReporting = 0.2

  init(_ call: CallStatistics, workers: Int, processors: Int) {
    self.call = call
    self.workers = workers
    self.processors = processors
    let time = max(.nanoseconds(1), call.elapsed) * workers
    running = min(1, call.pool.workers.running / time)
    copying = min(1, call.pool.workers.copying / time)
    waiting = max(0, 1 - running - copying)
    atWork = running * Double(workers)
    let usable = Double(min(workers, processors))
    idle = max(0, 1 - (running + copying) * Double(workers) / usable)
    coordinatorBusy = call.pool.coordinator.busy / max(.nanoseconds(1), call.elapsed)
  }

  private var items: Double { Double(max(1, call.itemsFinished)) }

  /// The average time per item.
  private var itemTime: Duration { call.pool.workers.running / items }

  var summary: String {
    let name = call.isOfSingles ? "Calls of one item" : "Call \(call.call.number) (\(call.task))"
    let count = Self.grouped(call.itemsFinished)
    let failed = call.itemsFailed > 0 ? " (\(Self.grouped(call.itemsFailed)) failed)" : ""
    return
      "\(name): \(count) \(call.itemsFinished == 1 ? "item" : "items")\(failed) in \(Self.text(call.elapsed)) "
      + "\(call.isOver ? "" : "so far ")on \(Self.workers(workers)). Of the workers' time \(percent(running)) went into "
      + "running items, \(percent(copying)) into copying and \(percent(waiting)) into waiting; the coordinator was busy "
      + "for \(percent(coordinatorBusy)) of it."
  }

  var limits: [Explanation.Limit] {
    // Workers that do nothing but run items cannot be faster, whatever the other figures are.
    if atWork >= Self.busy * Double(min(workers, processors)) {
      return [losses, preparing, preparing == nil ? saturated : nil].compactMap(\.self)
    }
    if let short { return [losses, startUp ?? short].compactMap(\.self) }
    let all = [losses, startUp, preparing, chunksTooSmall, copied, oneByOne, ending, coordinator]
    return Array(all.compactMap(\.self).sorted { $0.share > $1.share }.prefix(Self.most))
  }

  /// The maximum number of limits reported. After a change, the explanation is requested again.
  private static let most = 3

  /// The share of the time that counts as fully busy. At its beginning and end, every call leaves
  /// some workers idle.
  private static let busy = 0.85

  private func limit(_ kind: Explanation.Limit.Kind, _ share: Double, _ text: String) -> Explanation.Limit {
    Explanation.Limit(kind: kind, share: min(1, max(0, share)), description: text)
  }

  // MARK: - Limits

  private var losses: Explanation.Limit? {
    let lost = call.pool.workersLost
    guard lost > 0 else { return nil }
    return limit(
      .losses, idle,
      "\(Self.workers(lost)) ended unexpectedly, and others were started instead: `workerLost` and "
        + "`Pool.events` have the reasons. `RecyclingPolicy(standby:)` keeps replacements ready.")
  }

  private var startUp: Explanation.Limit? {
    let share = part(call.startUp)
    guard share >= Self.worthReporting else { return nil }
    return limit(
      .startUp, share,
      "Start-up: no worker had been started in the first \(Self.text(call.startUp)), \(percent(share)) of the time. "
        + "Use one pool for many calls; `--static-swift-stdlib` and a dedicated worker executable start faster."
    )
  }

  /// Checked first, because preparing counts as running, and may be all that workers do.
  private var preparing: Explanation.Limit? {
    let spent = call.pool.preparations
    let share = min(1, spent.time / (max(.nanoseconds(1), call.elapsed) * workers))
    guard share >= Self.worthReporting else { return nil }
    let reasons: [(count: Int, text: String)] = [
      (
        spent.firstInWorker,
        "in workers that had not prepared it before. Keep one pool for many calls, so that workers keep their tasks, "
          + "or let `prepare` do less."
      ),
      (
        spent.ofOtherValue,
        "of a value that the worker had not prepared before. Use one task value for many calls, and pass what differs "
          + "as input. Sets and dictionaries are encoded in an order that differs between equal values."
      ),
      (
        spent.afterEviction,
        "of a task that the worker had released for others. Raise `keptTasks` in the pool's configuration."
      ),
      (
        spent.afterReplacement,
        "of a task that a worker had kept until it ended. Replace workers less often: `RecyclingPolicy`."
      ),
      (
        spent.notKept,
        "of a task that is not kept, because of its `isKept` or the pool's `keptTasks`."
      ),
    ]
    let main = reasons.max { $0.count < $1.count }!
    let times = spent.count == 1 ? "once" : "\(Self.grouped(UInt64(spent.count))) times"
    return limit(
      .preparing, share,
      "Tasks were prepared \(times), for \(percent(share)) of the workers' time, "
        + (main.count < spent.count ? "\(Self.grouped(UInt64(main.count))) times " : "") + main.text)
  }

  /// The minimum time of a call, which is the time to get all workers going.
  private static let shortest = Duration.milliseconds(1)

  private var short: Explanation.Limit? {
    guard !call.isOfSingles, call.isOver, call.elapsed < Self.shortest else { return nil }
    return limit(
      .tooFewItems, idle,
      "There is too little to do: the call was over in \(Self.text(call.elapsed)), most of which is the time to wake the "
        + "workers and to receive their answers. Give it more items at once.")
  }

  /// The maximum time that sending and answering a chunk takes a worker if both sides have to be
  /// woken up: half of a round trip (`procpool bench --case apply`).
  private static let chunkCost = Duration.microseconds(10)

  private var chunksTooSmall: Explanation.Limit? {
    guard let given = call.chunkSize, call.itemsFinished > UInt64(4 * workers * given), running < 0.5 else {
      return nil
    }
    let chunkTime = itemTime * given
    let sending = min(1 - running, part(Self.chunkCost * Double(call.chunks) / Double(workers)))
    guard chunkTime < Self.chunkCost * 10, sending >= Self.worthReporting else { return nil }
    let better = max(2 * given, Int(min(1e6, Duration.microseconds(500) / max(.nanoseconds(1), itemTime))))
    return limit(
      .chunksTooSmall, sending,
      "Chunks are too small: a chunk of \(given == 1 ? "1 item" : "\(Self.grouped(UInt64(given))) items") is "
        + "\(Self.text(chunkTime)) of work, too little for what it costs to send. Leave out `chunkSize:`, or set "
        + "it to \(Self.grouped(UInt64(Self.rounded(better)))) or so, which is half a millisecond of work.")
  }

  /// The minimum length of a large item in bytes. The time of smaller ones is that of encoding them
  /// one by one, rather than copying.
  private static let largeItem = 1024.0

  private var copied: Explanation.Limit? {
    let all = call.pool.workers + call.pool.coordinator
    let share = all.busy > .zero ? all.copying / all.busy : 0
    let perItem = Double(call.bytesSent + call.bytesReceived) / items
    guard share >= 0.5, call.itemsFinished > 0 else { return nil }
    if perItem >= Self.largeItem {
      return limit(
        .payloadTooLarge, share * (1 - waiting / 2),
        "Payloads are large for the work on them: \(percent(share)) of the processes' busy time went into encoding, pipes "
          + "and decoding, of \(Self.bytes(perItem)) for each item. Values that all items need belong in the task's "
          + "properties, which are sent once per worker; large arrays belong in a `SharedArray`, of which only a handle "
          + "is sent.")
    }
    // Short calls with few items spend most of the time starting.
    guard call.itemsFinished >= 1000, !call.isOfSingles else { return nil }
    return limit(
      .itemsTooSmall, share * (1 - waiting / 2),
      "Items are small: \(Self.text(itemTime)) of work each, and "
        + "\(percent(share)) of the processes' busy time went into encoding, pipes and decoding. Give each item more work, "
        + "such as a range instead of a number, or let `mapReduce` combine outputs in the workers.")
  }

  private var oneByOne: Explanation.Limit? {
    guard call.isOfSingles, waiting >= 0.3, workers > 1 else { return nil }
    return limit(
      .oneByOne, waiting,
      "One by one: on average \(Self.decimal(atWork)) of \(workers) workers ran an item. Call `map` or `imap` over "
        + "several inputs, or start several calls with `applyAsync` or `submit` before waiting for the first."
    )
  }

  /// The limit of a call that left workers idle at its end: it had too few items, or uneven ones,
  /// in chunks that may be too large.
  private var ending: Explanation.Limit? {
    guard !call.isOfSingles, call.isOver, idle >= Self.worthReporting else { return nil }
    if call.itemsFinished < UInt64(4 * workers), call.itemsFinished > 0 {
      let count = call.itemsFinished == 1 ? "was 1 item" : "were \(call.itemsFinished) items"
      return limit(
        .tooFewItems, idle,
        "There \(count) for \(Self.workers(workers)), so some workers were idle. Divide the work into more items."
      )
    }
    let share = part(call.tail)
    guard share >= Self.worthReporting, call.itemsFinished > 0 else { return nil }
    let given =
      call.chunkSize.map { $0 > 1 ? ", make `chunkSize:` smaller than \(Self.grouped(UInt64($0)))" : "" }
      ?? ""
    return limit(
      .unevenItems, min(idle, share),
      "The end was uneven: for the last \(Self.text(call.tail)), \(percent(share)) of the time, no chunk was left to "
        + "send, and \(percent(waiting)) of the workers' time went into waiting. Start with the longest items, or divide "
        + "them\(given).")
  }

  private var coordinator: Explanation.Limit? {
    guard !call.isOfSingles, idle >= Self.worthReporting else { return nil }
    let starved = part(call.starved)
    if coordinatorBusy >= 0.5 {
      let split = call.pool.coordinator
      let parts: [(String, Duration)] = [
        ("making and encoding inputs", split.encoding), ("decoding outputs", split.decoding),
        ("writing to pipes", split.writing), ("reading from pipes", split.reading),
      ]
      let (name, time) = parts.max { $0.1 < $1.1 }!
      return limit(
        .serialCoordinator, idle,
        "The coordinator is the bottleneck: it was busy for \(percent(coordinatorBusy)) of the time, mostly with \(name) "
          + "(\(percent(time / split.busy))), while workers waited for \(percent(waiting)) of theirs. Let tasks make "
          + "their data from numbers or ranges, send less or share it, or combine outputs in the workers by `mapReduce`."
      )
    }
    guard starved >= Self.worthReporting else { return nil }
    return limit(
      .slowCaller, min(idle, starved),
      "The caller is the bottleneck: for \(percent(starved)) of the time no chunk was pending, and the pool's part of "
        + "the coordinator was busy for \(percent(coordinatorBusy)). The caller made inputs, or consumed outputs, more slowly "
        + "than workers ran items: move work of the caller into tasks, or give each item more work.")
  }

  private var saturated: Explanation.Limit {
    let busy = "On average \(Self.decimal(atWork)) of \(Self.workers(workers)) ran items"
    if workers < processors {
      return limit(
        .tooFewWorkers, 1 - Double(workers) / Double(processors),
        "\(busy), and there are \(processors) processors: `workers: \(processors)` would use them all.")
    }
    let crowd =
      workers > processors ? " More workers than processors make none of them faster." : ""
    return limit(
      .processors, 0,
      "\(busy), on \(processors == 1 ? "the only processor" : "all \(processors) processors"): only a faster task, or a "
        + "machine with more of them, would be faster.\(crowd)")
  }

  // MARK: - Text

  /// A time as a share of the call's time.
  private func part(_ time: Duration) -> Double { min(1, time / max(.nanoseconds(1), call.elapsed)) }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private static func workers(_ count: Int) -> String { count == 1 ? "1 worker" : "\(count) workers" }

  private static func text(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    for (size, unit) in [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")] where seconds >= size {
      return decimal(seconds / size) + " " + unit
    }
    return decimal(seconds * 1e9) + " ns"
  }

  private static func bytes(_ value: Double) -> String {
    for (size, unit) in [(1_073_741_824.0, "GiB"), (1_048_576, "MiB"), (1024, "KiB")] where value >= size {
      return decimal(value / size) + " " + unit
    }
    return decimal(value) + " B"
  }

  /// A number with two or three digits.
  private static func decimal(_ value: Double) -> String {
    if value >= 10 { return "\(Int(min(1e15, value.rounded())))" }
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }

  /// A number rounded to one significant digit.
  private static func rounded(_ value: Int) -> Int {
    var unit = 1
    while value / unit >= 10 { unit *= 10 }
    return value / unit * unit
  }

  private static func grouped(_ value: UInt64) -> String { ProgressText.grouped(Int(clamping: value)) }
}
