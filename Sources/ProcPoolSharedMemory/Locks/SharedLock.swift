import ProcPoolSystem

/// A lock in shared memory, and what is known of who holds it.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 64 | the lock |
/// | 64 | 4 | the process that holds it; of one that died, until the value is repaired |
/// | 68 | 4 | 0 in order, 1 its holder died, 2 beyond repair |
///
/// The two words are written by the holder of the lock only.
@usableFromInline
struct SharedLock: Sendable {
  /// Bytes of a lock, so that what it protects shares no cache line with it.
  static let size = 128

  private enum State: UInt32 {
    case inOrder = 0
    case ownerDied = 1
    case poisoned = 2
  }

  /// This process, asked for once: a system call per acquisition would cost more than the lock.
  private static let process = UInt32(bitPattern: ProgramIdentity.pid)

  private let mutex: ProcessMutex
  // Unsafe because a pointer is not Sendable; the two words are touched with the lock only.
  private nonisolated(unsafe) let words: UnsafeMutablePointer<UInt32>

  /// A view of the lock at `place`.
  init(at place: UnsafeMutableRawPointer) {
    mutex = ProcessMutex(at: place)
    words = (place + ProcessMutex.size).bindMemory(to: UInt32.self, capacity: 2)
  }

  func initialize() throws(SharedMemoryError) {
    do throws(SystemError) { try mutex.initialize() } catch { throw .system("\(error)") }
    words.initialize(repeating: 0, count: 2)
  }

  private var state: State {
    get { State(rawValue: words[1]) ?? .poisoned }
    nonmutating set { words[1] = newValue.rawValue }
  }

  /// Takes the lock, whatever state the value is in.
  private func acquire(_ timeout: Duration?) throws(LockError) {
    let acquisition: ProcessMutex.Acquisition
    do throws(SystemError) {
      acquisition = try mutex.lock(timeout: timeout.map(Self.nanoseconds) ?? -1)
    } catch {
      throw .system("\(error)")
    }
    switch acquisition {
    case .acquired: break
    case .acquiredFromDead:
      // The lock itself is in order again; the value is not until somebody says so.
      mutex.makeConsistent()
      if state == .inOrder { state = .ownerDied }
    case .timedOut: throw .timedOut(timeout!)
    case .heldByCaller: throw .alreadyHeld
    case .unrecoverable: throw .poisoned
    }
  }

  /// A century is for ever, and leaves room for the clock's own count.
  private static func nanoseconds(_ duration: Duration) -> Int64 {
    min(1 << 61, max(0, duration.nanoseconds))
  }

  /// Takes the lock, if the value is in order.
  @usableFromInline
  func lock(_ timeout: Duration?) throws(LockError) {
    try acquire(timeout)
    switch state {
    case .inOrder: words[0] = Self.process
    case .ownerDied:
      let owner = Int32(bitPattern: words[0])
      mutex.unlock()
      throw LockError.ownerDied(process: owner)
    case .poisoned:
      mutex.unlock()
      throw LockError.poisoned
    }
  }

  @usableFromInline
  func unlock() { mutex.unlock() }

  /// Runs the body with the lock, if the last holder has died.
  ///
  /// If the body returns, the value is in order; if it throws, it is beyond repair.
  ///
  /// - Returns: whether there was anything to repair.
  func repair(_ timeout: Duration?, _ body: (_ process: Int32) throws -> Void) throws -> Bool {
    try acquire(timeout)
    defer { mutex.unlock() }
    switch state {
    case .inOrder: return false
    case .poisoned: throw LockError.poisoned
    case .ownerDied: break
    }
    let dead = Int32(bitPattern: words[0])
    words[0] = Self.process
    do {
      try body(dead)
      state = .inOrder
      return true
    } catch {
      state = .poisoned
      throw error
    }
  }
}
