import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import Synchronization

/// Memory shared with a pool's workers, for data that is too long for their pipes. One side encodes
/// into it and the other decodes from it; only the location crosses the pipe. This avoids half of
/// the copies, and all of the kernel's.
///
///     inputs ──encode──▶ segment ──decode──▶ worker          (instead of  encode ▶ pipe ▶ buffer ▶ decode)
///     outputs ◀──decode── room ◀──encode── worker
///
/// A segment of inputs is in use as long as any chunk in it is: no item is read again after it has
/// ended. A segment with room for outputs is in use until these are decoded and the chunk has left
/// the worker, or the worker has ended. Then the segment is reused for other inputs or outputs, so
/// that its pages are zeroed once rather than for every chunk. A segment that was not used for a
/// second is unmapped.
final class PayloadMemory: WireMemory, Sendable {
  /// The minimum length of data that is passed in shared memory: shorter data is cheaper to copy.
  static let shortest = IndirectFrame.shortest
  /// The smallest segment in bytes: more than a call hands to the pool at once, unless a single
  /// input is longer.
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

    /// The location of `address`, for a worker.
    func location(of address: UnsafeMutableRawPointer) -> MemoryLocation {
      MemoryLocation(
        descriptor: file.number, device: identity.device, inode: identity.inode, fileSize: identity.size,
        offset: address - mapping.base)
    }
  }

  /// The use of a segment, which becomes free when the last chunk in it has ended.
  final class Loan: Sendable {
    let segment: Segment
    /// The expected number of bytes to be written.
    let expected: Int
    private let lane: PayloadMemory

    fileprivate init(_ segment: Segment, of lane: PayloadMemory, expecting expected: Int) {
      self.segment = segment
      self.expected = expected
      self.lane = lane
    }

    deinit { lane.takeBack(segment) }
  }

  private struct State {
    /// Free segments, and since when they are free, the oldest first.
    var free: [(segment: Segment, since: Int64)] = []
    var count = 0
    var isClosed = false
  }

  /// How long a free segment is kept, in nanoseconds. A program that calls repeatedly reuses it
  /// within this time.
  private static let patience: Int64 = 1_000_000_000

  private let state = Mutex(State())
  /// The maximum number of segments, beyond which inputs are sent through pipes. A segment takes a
  /// descriptor.
  private let most: Int

  /// The name of the memory files, as the system shows it.
  private let name: String

  init(named name: String, workers: Int) {
    self.name = name
    // At most 64, so that descriptors are left in a large pool.
    most = min(64, 2 * workers + 2)
  }

  func allocate(_ count: Int) -> (base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject)? {
    guard count > Self.shortest, let segment = segment(atLeast: count) else { return nil }
    return (segment.mapping.base, segment.mapping.count, Loan(segment, of: self, expecting: count))
  }

  /// Provides room for outputs.
  ///
  /// - Parameters:
  ///   - count: the number of outputs.
  ///   - length: the expected length of each output in bytes.
  /// - Returns: `nil` if a pipe is preferable.
  func room(forOutputs count: Int, of length: Int) -> Loan? {
    guard length >= Self.shortest else { return nil }
    // Outputs may be somewhat longer than expected, and have a frame.
    let (total, overflow) = (length + length / 4 + 4096).multipliedReportingOverflow(by: count)
    guard !overflow, total < Self.longestRoom else { return nil }
    return segment(atLeast: total).map { Loan($0, of: self, expecting: count * length) }
  }

  /// The maximum size of a room. Longer outputs take seconds, and more memory at a time than most
  /// machines have to spare.
  private static let longestRoom = 1 << 32

  private func segment(atLeast count: Int) -> Segment? {
    let (found, isAllowed) = state.withLock { state -> (Segment?, Bool) in
      if state.isClosed { return (nil, false) }
      // The most recently used segment, whose pages are still mapped in this process and in a
      // worker.
      if let fitting = state.free.lastIndex(where: { $0.segment.mapping.count >= count }) {
        return (state.free.remove(at: fitting).segment, true)
      }
      if state.count < most {
        state.count += 1
        return (nil, true)
      }
      if state.free.isEmpty { return (nil, false) }
      // All free segments are too small: one of them is unmapped to make room.
      state.free.removeFirst()
      return (nil, true)
    }
    if let found { return found }
    guard isAllowed else { return nil }
    // A multiple of the smallest size, so that inputs of similar length can reuse a segment.
    let rounded = (count + Self.smallestSegment - 1) / Self.smallestSegment * Self.smallestSegment
    // Requires twice the memory: if memory is short, the heap and the pipe take less of it at a
    // time.
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

  /// Provides no more memory. Existing segments are kept, because workers that are being killed may
  /// still read them.
  func close() { state.withLock { $0.isClosed = true } }

  /// When the next free segment has been unused for long enough; `nil` if there is none.
  var nextTrim: Int64? { state.withLock { $0.free.first.map { $0.since + Self.patience } } }

  /// Unmaps the segments that have been unused for long enough.
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
