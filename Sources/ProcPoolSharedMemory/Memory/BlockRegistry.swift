import ProcPoolSystem
import Synchronization

/// The blocks and regions that this process has mapped, so that each is mapped once, however many
/// handles of it arrive.
final class BlockRegistry: Sendable {
  static let shared = BlockRegistry()

  /// A class, because Swift 6.3 crashes on `table[key]?.object` for a missing key if the value is a
  /// structure with a weak field and another field.
  private final class Weak<Object: AnyObject & Sendable>: Sendable {
    weak let object: Object?
    /// Identifies the entry when the object ends. Loading the object would retain it, and releasing
    /// it here could run its deinitialiser under the lock that the deinitialiser acquires.
    let identity: ObjectIdentifier

    init(_ object: Object) {
      self.object = object
      identity = ObjectIdentifier(object)
    }
  }

  private struct State {
    var blocks: [UInt64: Weak<SharedBlock>] = [:]
    var regions: [FileIdentity: Weak<SharedRegion>] = [:]
    /// What is to be called when blocks end, by nonce.
    var watchers: [UInt64: [ObjectIdentifier: Watcher]] = [:]
  }

  typealias Watcher = @Sendable (_ nonce: UInt64) -> Void

  private let state = Mutex(State())

  func add(_ block: SharedBlock) {
    state.withLock { $0.blocks[block.nonce] = Weak(block) }
  }

  /// Removes a block that ends, unless another block has replaced it under its nonce.
  ///
  /// - Returns: what is to be called for its end, without the registry's lock.
  func forget(_ nonce: UInt64, _ identity: ObjectIdentifier) -> [Watcher] {
    state.withLock { state in
      guard state.blocks[nonce]?.identity == identity else { return [] }
      state.blocks[nonce] = nil
      guard !state.watchers.isEmpty else { return [] }
      return state.watchers.removeValue(forKey: nonce).map { Array($0.values) } ?? []
    }
  }

  func watch(_ nonce: UInt64, for owner: ObjectIdentifier, _ watcher: @escaping Watcher) {
    state.withLock { $0.watchers[nonce, default: [:]][owner] = watcher }
  }

  func block(_ nonce: UInt64) -> SharedBlock? {
    state.withLock { $0.blocks[nonce]?.object }
  }

  /// The mapping of a file in this process, if there is one.
  func region(_ identity: FileIdentity) -> SharedRegion? {
    state.withLock { $0.regions[identity]?.object }
  }

  /// The block that a handle names, mapped if it is not yet.
  ///
  /// - Parameter openRegion: maps the file; called if it is not mapped yet.
  func block(
    for handle: SharedHandle, _ openRegion: () throws(SharedMemoryError) -> SharedRegion
  ) throws(SharedMemoryError) -> SharedBlock {
    if let known = block(handle.nonce) { return try known.verified(as: handle) }
    let identity = handle.identity
    var region = region(identity)
    if region == nil {
      let opened = try openRegion()
      guard opened.identity == identity else { throw .gone("its file is another") }
      region = opened
      state.withLock { state in
        state.regions = state.regions.filter { $0.value.object != nil }
        state.regions[identity] = Weak(opened)
      }
    }
    let block = try SharedBlock.attach(handle, in: region!)
    add(block)
    return block
  }
}

extension SharedBlock {
  /// Returns the block if it matches a handle, whichever process the handle names as its owner.
  func verified(as handle: SharedHandle) throws(SharedMemoryError) -> SharedBlock {
    var own = SharedHandle(self)
    own.owner = handle.owner
    guard own == handle else { throw .mismatched("kind, size or stride is another") }
    return self
  }
}
