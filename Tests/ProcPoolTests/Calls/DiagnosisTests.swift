import Testing

@testable import ProcPool

/// The figures of a call on two workers and two processors that took a second and ran items all the time; to be changed.
private struct Figures {
  var call: CallID = 1
  var chunkSize: Int?
  var isOver = true
  var elapsed = Duration.seconds(1)
  var items: UInt64 = 1_000
  var failed: UInt64 = 0
  var bytes: UInt64 = 16_000
  var startUp = Duration.zero
  var starved = Duration.zero
  var tail = Duration.zero
  var lost = 0
  var workers = 2
  var processors = 2
  /// Workers' time together.
  var running = Duration.seconds(1.9)
  var encoding = Duration.zero
  /// The coordinator's.
  var inputs = Duration.zero
  var preparations = PreparationStatistics()

  var explanation: Explanation {
    var pool = PoolStatistics()
    pool.workers.running = running
    pool.workers.encoding = encoding
    pool.workers.waiting = elapsed * workers - running - encoding
    pool.coordinator.encoding = inputs
    pool.workersLost = lost
    pool.preparations = preparations
    let statistics = CallStatistics(
      call: call, task: "Square", chunkSize: chunkSize, isOver: isOver, elapsed: elapsed, ended: 1,
      itemsFinished: items, itemsFailed: failed, itemsWaiting: 0, itemsInWorkers: 0, itemTime: nil,
      chunks: items, bytesSent: bytes, bytesReceived: 0, queued: .zero, startUp: startUp, starved: starved,
      tail: tail, pool: pool)
    return Explanation(statistics, workers: workers, processors: processors)
  }

  static func changed(_ change: (inout Figures) -> Void) -> Explanation {
    var figures = Figures()
    change(&figures)
    return figures.explanation
  }
}

@Suite struct AnExplanationSaysWhatLimitsACall {
  private func kinds(_ change: (inout Figures) -> Void) -> [Explanation.Limit.Kind] {
    Figures.changed(change).limits.map(\.kind)
  }

  @Test func busyWorkersAreLimitedByProcessorsAlone() {
    #expect(kinds { _ in } == [.processors])
    // The rest cannot matter then.
    #expect(kinds { $0.startUp = .seconds(0.5) } == [.processors])
    #expect(kinds { $0.processors = 8 } == [.tooFewWorkers])
    #expect(Figures.changed { $0.processors = 8 }.description.contains("`workers: 8`"))
  }

  @Test func moreWorkersThanProcessorsAreNotCalledIdle() {
    let crowd = Figures.changed { $0.workers = 8 }
    #expect(crowd.limits.map(\.kind) == [.processors])
    #expect(crowd.description.contains("More workers than processors make none of them faster"))
  }

  @Test func whatALittleChangesIsNotTold() {
    #expect(kinds { $0.running = .seconds(1.6) } == [])
    #expect(
      Figures.changed { $0.running = .seconds(1.6) }.description
        == "Call 1 (Square): 1 000 items in 1 s on 2 workers. Of the workers' time 80 % went into running items, 0 % into "
        + "copying and 20 % into waiting; the coordinator was busy for 0 % of it.")
  }

  @Test func preparingIsToldFromAFifthOfTheTimeOn() {
    func preparing(_ seconds: Double, _ counts: WritableKeyPath<PreparationStatistics, Int>...) -> Explanation
    {
      Figures.changed { figures in
        figures.preparations.time = .seconds(seconds)
        for count in counts { figures.preparations[keyPath: count] += 20 }
      }
    }
    #expect(preparing(0.3, \.firstInWorker).limits.map(\.kind) == [.processors])
    let first = preparing(0.5, \.firstInWorker)
    #expect(first.limits.map(\.kind) == [.preparing] && abs(first.limits[0].share - 0.25) < 1e-9)
    #expect(
      first.description.contains(
        "Tasks were prepared 20 times, for 25 % of the workers' time, in workers that"))
    // Whether workers are busy or not.
    #expect(
      kinds {
        $0.running = .seconds(1)
        $0.preparations.time = .seconds(0.6)
        $0.preparations.ofOtherValue = 40
      } == [.preparing])
    let mixed = preparing(1, \.ofOtherValue, \.ofOtherValue, \.afterEviction)
    #expect(
      mixed.description.contains("prepared 60 times, for 50 % of the workers' time, 40 times of a value that")
    )
    #expect(preparing(1, \.afterEviction).description.contains("Raise `keptTasks`"))
    #expect(preparing(1, \.afterReplacement).description.contains("`RecyclingPolicy`"))
    #expect(preparing(1, \.notKept).description.contains("`isKept`"))
  }

  @Test func aLongStartIsTold() {
    let start = Figures.changed {
      $0.running = .seconds(1)
      $0.startUp = .milliseconds(400)
    }
    #expect(start.limits.map(\.kind) == [.startUp])
    #expect(start.limits[0].share == 0.4)
    #expect(start.description.contains("400 ms, 40 % of the time"))
  }

  @Test func smallChunksAreTheCallersIfHeAskedForThem() {
    func small(_ figures: inout Figures, chunkSize: Int?) {
      figures.running = .milliseconds(200)
      figures.items = 100_000
      figures.chunkSize = chunkSize
    }
    // 2 µs of work each.
    let one = Figures.changed { small(&$0, chunkSize: 1) }
    #expect(one.limits.first?.kind == .chunksTooSmall)
    #expect(one.description.contains("a chunk of 1 item is 2 µs of work, too little for what it costs"))
    #expect(one.description.contains("set it to 200 or so"))
    #expect(kinds { small(&$0, chunkSize: 1_000) } == [])
    #expect(kinds { small(&$0, chunkSize: Pacing.maximumChunk) } == [])
    #expect(kinds { small(&$0, chunkSize: nil) } == [])
  }

  @Test func longPayloadsAndShortItemsAreToldApart() {
    func copying(_ figures: inout Figures, bytes: UInt64) {
      figures.running = .milliseconds(300)
      figures.encoding = .seconds(1)
      figures.bytes = bytes
    }
    let long = Figures.changed { copying(&$0, bytes: 100 << 20) }
    #expect(long.limits.map(\.kind) == [.payloadTooLarge])
    #expect(long.description.contains("77 %"))
    #expect(long.description.contains("102 KiB for each item"))
    let short = Figures.changed { copying(&$0, bytes: 8_000) }
    #expect(short.limits.map(\.kind) == [.itemsTooSmall])
    #expect(short.description.contains("300 µs of work each"))
  }

  @Test func aBusyCoordinatorIsToldFromAnIdleCaller() {
    let busy = Figures.changed {
      $0.running = .milliseconds(900)
      $0.inputs = .milliseconds(800)
      $0.starved = .milliseconds(700)
    }
    #expect(busy.limits.map(\.kind) == [.serialCoordinator])
    #expect(busy.description.contains("mostly with making and encoding inputs (100 %)"))
    let idle = Figures.changed {
      $0.running = .milliseconds(500)
      $0.starved = .milliseconds(700)
    }
    #expect(idle.limits.map(\.kind) == [.slowCaller])
    #expect(idle.limits[0].share == 0.7)
  }

  @Test func anUnevenEndAndTooFewItemsAreToldOfWhatIsOver() {
    func uneven(_ figures: inout Figures) {
      figures.running = .seconds(1.2)
      figures.tail = .milliseconds(750)
    }
    let end = Figures.changed(uneven)
    #expect(end.limits.map(\.kind) == [.unevenItems])
    #expect(end.description.contains("for the last 750 ms, 75 % of the time"))
    #expect(
      kinds {
        uneven(&$0)
        $0.isOver = false
      } == [])
    let few = Figures.changed {
      uneven(&$0)
      $0.items = 3
    }
    #expect(few.limits.map(\.kind) == [.tooFewItems])
    #expect(few.description.contains("There were 3 items for 2 workers"))
    let tiny = Figures.changed {
      $0.elapsed = .microseconds(80)
      $0.running = .microseconds(10)
      $0.tail = .microseconds(70)
    }
    #expect(tiny.limits.map(\.kind) == [.tooFewItems])
    #expect(tiny.description.contains("over in 80 µs"))
  }

  @Test func callsOfOneItemAreToldThatTheyComeOneByOne() {
    let single = Figures.changed {
      $0.call = 0
      $0.running = .milliseconds(800)
    }
    #expect(single.limits.map(\.kind) == [.oneByOne])
    #expect(single.summary.hasPrefix("Calls of one item: 1 000 items"))
    #expect(single.description.contains("on average 0.8 of 2 workers"))
  }

  @Test func lostWorkersAreToldWhateverElseThereIs() {
    #expect(kinds { $0.lost = 3 } == [.losses, .processors])
    #expect(
      kinds {
        $0.lost = 1
        $0.running = .milliseconds(500)
      } == [.losses])
  }

  @Test func whatComesFirstWeighsMost() {
    let several = Figures.changed {
      $0.running = .milliseconds(200)
      $0.encoding = .milliseconds(300)
      $0.startUp = .milliseconds(300)
      $0.starved = .milliseconds(500)
      $0.tail = .milliseconds(400)
    }
    #expect(several.limits.count == 3)
    #expect(several.limits.map(\.share) == several.limits.map(\.share).sorted(by: >))
    #expect(several.description.split(separator: "\n").count == 4)
  }

  @Test func aCallInWhichNothingEndedHasNoFiguresThatAreNone() {
    let empty = Figures.changed {
      $0.items = 0
      $0.elapsed = .zero
      $0.running = .zero
      $0.chunkSize = 1
    }
    #expect(!empty.description.contains("nan") && !empty.description.contains("inf"))
    #expect(
      Figures.changed {
        $0.failed = 1
        $0.items = 1
        $0.isOver = false
      }.summary.hasPrefix("Call 1 (Square): 1 item (1 failed) in 1 s so far on 2 workers."))
  }
}
