import Foundation
import ProcPool

/// The resources that a pool's process uses.
struct Footprint: Equatable, Sendable {
  /// Bytes of anonymous and shared memory.
  var memory = 0
  var descriptors = 0
  /// Child processes.
  var processes = 0
  /// Names in /dev/shm that belong to pools.
  var segments = 0

  static func now() -> Footprint {
    Footprint(
      memory: memoryInUse(), descriptors: Remains.descriptors().count, processes: Remains.children().count,
      // Files of other programs are not counted.
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

/// One minute of a soak.
public struct SoakMinute: Sendable {
  /// The number of the minute, from 1.
  public internal(set) var number: Int
  /// Items that ended in this minute.
  public internal(set) var items = 0
  /// The minimum and maximum of each resource between rounds.
  var least: Footprint
  var most: Footprint

  /// Returns the minute to which a time belongs. Time beyond the end belongs to the last minute.
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

  /// Returns descriptions of the resources whose minimum exceeds their maximum in an earlier
  /// minute.
  func growth(since early: SoakMinute) -> [String] {
    var grown: [String] = []
    // Allocators keep some freed memory: up to a twentieth, and a megabyte in a small process.
    if least.memory > early.most.memory / 20 * 21 + 1 << 20 {
      grown.append(
        "memory: \(Units.bytes(Double(early.most.memory))), now \(Units.bytes(Double(least.memory)))")
    }
    for (name, path) in [
      ("descriptors", \Footprint.descriptors), ("processes", \.processes), ("segments", \.segments),
    ] where least[keyPath: path] > early.most[keyPath: path] {
      grown.append("\(name): \(early.most[keyPath: path]), now \(least[keyPath: path])")
    }
    return grown.map { "growth from minute \(early.number) to minute \(number): \($0)" }
  }

  /// A line of text.
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

/// A long run of disturbances on one pool, to find resources that grow.
public struct Soak {
  private let options: ChaosOptions

  /// Creates a run that starts with ``run(progress:finished:)``.
  public init(_ options: ChaosOptions) {
    self.options = options
  }

  /// - Parameters:
  ///   - progress: Receives a short description before each round.
  ///   - finished: Receives each minute when it has passed. The first fills caches.
  public func run(
    progress: (String) -> Void, finished: (SoakMinute) throws -> Void
  ) async throws -> ChaosTally {
    var tally = ChaosTally()
    let workers = try await options.fittingWorkers()
    let before = Remains.now()
    try await disturb(workers: workers, &tally, progress, finished)
    // The descriptors are closed with the pool, which is out of scope here.
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
