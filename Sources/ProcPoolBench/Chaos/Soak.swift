import Foundation
import ProcPool

/// What a pool's process uses.
struct Footprint: Equatable, Sendable {
  /// Bytes of memory that are no file's.
  var memory = 0
  var descriptors = 0
  /// Children.
  var processes = 0
  /// Names in /dev/shm.
  var segments = 0

  static func now() -> Footprint {
    Footprint(
      memory: memoryInUse(), descriptors: Remains.descriptors().count, processes: Remains.children().count,
      // Those of other programs come and go.
      segments: Remains.entries("/dev/shm").count { $0.hasPrefix("procpool") })
  }

  private static func memoryInUse() -> Int {
    let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n")
    return ["RssAnon:", "RssShmem:"].reduce(0) { sum, name in
      let words = lines?.first { $0.hasPrefix(name) }?.split(whereSeparator: \.isWhitespace)
      return sum + (words.flatMap { Int($0[1]) } ?? 0) << 10
    }
  }

  static func least(_ one: Footprint, _ other: Footprint) -> Footprint {
    Footprint(
      memory: min(one.memory, other.memory), descriptors: min(one.descriptors, other.descriptors),
      processes: min(one.processes, other.processes), segments: min(one.segments, other.segments))
  }

  static func most(_ one: Footprint, _ other: Footprint) -> Footprint {
    Footprint(
      memory: max(one.memory, other.memory), descriptors: max(one.descriptors, other.descriptors),
      processes: max(one.processes, other.processes), segments: max(one.segments, other.segments))
  }
}

/// One minute of a long run.
public struct SoakMinute: Sendable {
  /// From 1.
  public internal(set) var number: Int
  /// Items that ended in this minute.
  public internal(set) var items = 0
  /// What was in use between rounds, at the least and at the most.
  var least: Footprint
  var most: Footprint

  /// In which minute of so many a run is; what is over the time belongs to the last.
  static func number(at time: Duration, of minutes: Int) -> Int {
    min(Int(time / .seconds(60)) + 1, max(minutes, 1))
  }

  init(number: Int, _ footprint: Footprint) {
    self.number = number
    least = footprint
    most = footprint
  }

  mutating func add(_ footprint: Footprint) {
    least = .least(least, footprint)
    most = .most(most, footprint)
  }

  /// What grew since `early`: if even the least of now is more than the most of then.
  func growth(since early: SoakMinute) -> [String] {
    var grown: [String] = []
    // Allocators keep some of what they were given back: a twentieth, and a megabyte in a small process.
    if least.memory > early.most.memory / 20 * 21 + 1 << 20 {
      grown.append(
        "memory: \(Units.bytes(Double(early.most.memory))), then \(Units.bytes(Double(least.memory)))")
    }
    for (name, path) in [
      ("descriptors", \Footprint.descriptors), ("processes", \.processes), ("segments", \.segments),
    ] where least[keyPath: path] > early.most[keyPath: path] {
      grown.append("\(name): \(early.most[keyPath: path]), then \(least[keyPath: path])")
    }
    return grown.map { "more in minute \(number) than in minute \(early.number): \($0)" }
  }

  /// In words, for people.
  public var description: String {
    func range(_ path: KeyPath<Footprint, Int>, _ text: (Int) -> String = { "\($0)" }) -> String {
      let (low, high) = (text(least[keyPath: path]), text(most[keyPath: path]))
      return low == high ? low : "\(low)–\(high)"
    }
    return """
      minute \(number): \(items) items, memory \(range(\.memory, { Units.bytes(Double($0)) })), descriptors \(range(\.descriptors)), \
      processes \(range(\.processes)), segments \(range(\.segments))
      """
  }
}

/// One pool that lives long and is disturbed all the time: chaos that looks for what grows.
public struct Soak {
  private let options: ChaosOptions

  /// Creates a run that starts with ``run(progress:finished:)``.
  public init(_ options: ChaosOptions) {
    self.options = options
  }

  /// - Parameters:
  ///   - progress: is told what is being done, before each round.
  ///   - finished: is given each minute when it is over, the first of which fills caches.
  public func run(
    progress: (String) -> Void, finished: (SoakMinute) throws -> Void
  ) async throws -> ChaosTally {
    var tally = ChaosTally()
    let workers = try await options.fittingWorkers()
    let before = Remains.now()
    try await disturb(workers: workers, &tally, progress, finished)
    // Its descriptors go with the pool itself, which is out of scope here.
    let left = await Remains.since(before)
    if !left.isEmpty { tally.breaches.append("left behind: \(left)") }
    return tally
  }

  private func disturb(
    workers: Int, _ tally: inout ChaosTally, _ progress: (String) -> Void,
    _ finished: (SoakMinute) throws -> Void
  ) async throws {
    let pool = try ChaosRound.makePool(workers: workers, maximumTasks: 50, seed: options.seed)
    let disturber = Disturber()
    let watching = Task { [events = pool.events] in await disturber.watch(events) }
    let start = ContinuousClock.now
    var minutes: [SoakMinute] = []
    while ContinuousClock.now - start < .seconds(options.seconds), tally.breaches.isEmpty {
      progress("minute \(max(minutes.count, 1)), round \(tally.rounds + 1), \(tally.items) items")
      var round = ChaosRound(
        workers: workers, random: RandomNumbers(seed: options.seed, sample: tally.rounds))
      let items = tally.items
      try await round.run(in: pool, disturber, &tally)
      let footprint = Footprint.now()
      let number = SoakMinute.number(at: ContinuousClock.now - start, of: options.seconds / 60)
      if minutes.last?.number != number {
        if let last = minutes.last { try finished(last) }
        minutes.append(SoakMinute(number: number, footprint))
      }
      minutes[minutes.count - 1].add(footprint)
      minutes[minutes.count - 1].items += tally.items - items
    }
    if let last = minutes.last {
      try finished(last)
      if minutes.count > 2 { tally.breaches += last.growth(since: minutes[1]) }
    }
    pool.close()
    await pool.join()
    await watching.value
    disturber.report(to: &tally)
  }
}
