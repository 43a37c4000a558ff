import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import Synchronization

/// Memory that a pool's workers see, for what is too long for their pipes: one side encodes into it, the other
/// decodes from it, and what crosses the pipe is where it is. Half of the copies, and none of them the
/// kernel's.
///
///     inputs ──encode──▶ segment ──decode──▶ worker          (instead of  encode ▶ pipe ▶ buffer ▶ decode)
///     outputs ◀──decode── room ◀──encode── worker
///
/// A segment of inputs is in use as long as any of the chunks in it is: none of their items has to be read
/// again after it has ended. One that gives room for outputs is, until those are decoded and the chunk has
/// left the worker, or the worker is gone. Then the next inputs or outputs are written into it, so that its
/// pages are zeroed once and not for every chunk. One that nobody has wanted for a second goes.
final class MemoryLane: WireMemory, Sendable {
  /// What has this length or more is left where it is: less takes less to copy than to look up.
  static let shortest = IndirectFrame.shortest
  /// What a call hands to the pool at once, with some to spare: longer only where a single input is.
  private static let smallestSegment = 2 * Pacing.windowBytes

  /// One file of memory and its mapping.
  final class Segment: Sendable {
    let mapping: SharedMapping
    private let file: Descriptor
    private let identity: FileIdentity

    init(named name: String, count: Int) throws(SystemError) {
      let file = try SharedMapping.makeFile(named: name, count: count)
      identity = try FileIdentity(of: file)
      mapping = try SharedMapping(file, count: count)
      self.file = file
      try mapping.populate()
    }

    /// Where `address` lies, for a worker.
    func location(of address: UnsafeMutableRawPointer) -> MemoryLocation {
      MemoryLocation(
        descriptor: file.number, device: identity.device, inode: identity.inode, fileSize: identity.size,
        offset: address - mapping.base)
    }
  }

  /// Gives its segment back when the last chunk in it has ended.
  final class Loan: Sendable {
    let segment: Segment
    /// How many bytes are to go into it.
    let expected: Int
    private let lane: MemoryLane

    fileprivate init(_ segment: Segment, of lane: MemoryLane, expecting expected: Int) {
      self.segment = segment
      self.expected = expected
      self.lane = lane
    }

    deinit { lane.takeBack(segment) }
  }

  private struct State {
    /// With the time since when, the longest first.
    var free: [(segment: Segment, since: Int64)] = []
    var count = 0
    var isClosed = false
  }

  /// Because a program that calls again and again does so within it. Nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  private let state = Mutex(State())
  /// How many segments there may be; beyond that, inputs are sent. A segment takes a descriptor.
  private let most: Int

  /// What the files of memory are called where the system shows them.
  private let name: String

  init(named name: String, workers: Int) {
    self.name = name
    // 64 at the most, so that a large pool has descriptors left.
    most = min(64, 2 * workers + 2)
  }

  func allocate(_ count: Int) -> (base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject)? {
    guard count > Self.shortest, let segment = segment(atLeast: count) else { return nil }
    return (segment.mapping.base, segment.mapping.count, Loan(segment, of: self, expecting: count))
  }

  /// Room for outputs.
  ///
  /// - Parameters:
  ///   - count: how many outputs.
  ///   - length: what each of them is expected to take, in bytes.
  /// - Returns: `nil` where they had better go through a pipe.
  func room(forOutputs count: Int, of length: Int) -> Loan? {
    guard length >= Self.shortest else { return nil }
    // What comes next may be somewhat longer than what came last, and has its frame.
    let (total, overflow) = (length + length / 4 + 4096).multipliedReportingOverflow(by: count)
    guard !overflow, total < Self.longestRoom else { return nil }
    return segment(atLeast: total).map { Loan($0, of: self, expecting: count * length) }
  }

  /// Because what is longer takes seconds, and more memory at a time than most machines have to spare.
  private static let longestRoom = 1 << 32

  private func segment(atLeast count: Int) -> Segment? {
    let (found, isAllowed) = state.withLock { state -> (Segment?, Bool) in
      if state.isClosed { return (nil, false) }
      // The last one whose pages are still at hand, in this process and in a worker.
      if let fitting = state.free.lastIndex(where: { $0.segment.mapping.count >= count }) {
        return (state.free.remove(at: fitting).segment, true)
      }
      if state.count < most {
        state.count += 1
        return (nil, true)
      }
      if state.free.isEmpty { return (nil, false) }
      // Too small for what comes now: it makes room.
      state.free.removeFirst()
      return (nil, true)
    }
    if let found { return found }
    guard isAllowed else { return nil }
    // Up to a whole number of the smallest, so that inputs of about the same length take turns in the same.
    let rounded = (count + Self.smallestSegment - 1) / Self.smallestSegment * Self.smallestSegment
    // With as much again to spare: where memory is short, the heap and the pipe ask for less of it at a time.
    if MemoryAllowance.available().map({ $0 / 2 >= rounded }) ?? true,
      let made = try? Segment(named: name, count: rounded)
    {
      return made
    }
    state.withLock { $0.count -= 1 }
    return nil
  }

  private func takeBack(_ segment: Segment) {
    state.withLock { $0.free.append((segment, MonotonicClock.now())) }
  }

  /// Gives no more: workers that are being killed may still read what they have.
  func close() { state.withLock { $0.isClosed = true } }

  /// When there will be a segment that nobody has wanted for long enough, if there is one to wait for.
  var nextTrim: Int64? { state.withLock { $0.free.first.map { $0.since + Self.patience } } }

  /// Lets go of segments that nobody has wanted for a while.
  func trim(now: Int64) {
    // Unmapped outside the lock.
    let gone = state.withLock { state in
      let gone = state.free.prefix { now - $0.since >= Self.patience }
      state.free.removeFirst(gone.count)
      state.count -= gone.count
      return gone
    }
    withExtendedLifetime(gone) {}
  }
}
