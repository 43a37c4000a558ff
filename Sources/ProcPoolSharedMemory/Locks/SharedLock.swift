import ProcPoolSystem

/// A lock in shared memory, with its holder and the state of the value that it protects.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 64 | the lock |
/// | 64 | 4 | the process that holds the lock; the one that died, until the value is repaired |
/// | 68 | 4 | 0 valid, 1 its holder died, 2 a repair failed |
///
/// Only the holder of the lock accesses the two words.
@usableFromInline
struct SharedLock: Sendable {
  /// The size of a lock in bytes: two cache lines, so that the protected value shares none with the
  /// mutex.
  static let size = 128

  private enum State: UInt32 {
    case inOrder = 0
    case ownerDied = 1
    case poisoned = 2
  }

  /// The process ID, read once: a system call per acquisition would cost more than the lock.
  private static let process = UInt32(bitPattern: ProgramIdentity.pid)

  private let mutex: ProcessMutex
  // Safety: the two words are accessed only while the lock is held.
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

  /// Acquires the lock, whatever the state of the value.
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
      // The mutex is usable again; the value is not until it has been repaired.
      mutex.makeConsistent()
      if state == .inOrder { state = .ownerDied }
    case .timedOut: throw .timedOut(timeout!)
    case .heldByCaller: throw .alreadyHeld
    case .unrecoverable: throw .poisoned
    }
  }

  /// The timeout in nanoseconds, at most 73 years, so that adding it to the clock cannot overflow.
  private static func nanoseconds(_ duration: Duration) -> Int64 {
    min(1 << 61, max(0, duration.nanoseconds))
  }

  /// Acquires the lock if the value is valid.
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

  /// Runs the body while the lock is held, if the last holder has died.
  ///
  /// If the body returns, the value is valid again; if it throws, the value is poisoned.
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
