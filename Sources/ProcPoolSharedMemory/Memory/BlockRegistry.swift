import ProcPoolSystem
import Synchronization

/// The blocks and regions that this process has, so that each is mapped once however often its handle comes.
final class BlockRegistry: Sendable {
  static let shared = BlockRegistry()

  /// A class, because Swift 6.3 crashes on `table[key]?.object` where a structure with a weak field and
  /// another is not in the table.
  private final class Weak<Object: AnyObject & Sendable>: Sendable {
    weak let object: Object?
    /// By which it is forgotten: to look at the object would make it live, and perhaps end here, under the
    /// lock that its end takes.
    let identity: ObjectIdentifier

    init(_ object: Object) {
      self.object = object
      identity = ObjectIdentifier(object)
    }
  }

  private struct State {
    var blocks: [UInt64: Weak<SharedBlock>] = [:]
    var regions: [FileIdentity: Weak<SharedRegion>] = [:]
  }

  private let state = Mutex(State())

  func add(_ block: SharedBlock) {
    state.withLock { $0.blocks[block.nonce] = Weak(block) }
  }

  /// Forgets a block that ends, unless its number has become another's since.
  func forget(_ nonce: UInt64, _ identity: ObjectIdentifier) {
    state.withLock { state in
      if state.blocks[nonce]?.identity == identity { state.blocks[nonce] = nil }
    }
  }

  func block(_ nonce: UInt64) -> SharedBlock? {
    state.withLock { $0.blocks[nonce]?.object }
  }

  /// The mapping of a file, if there is one here.
  func region(_ identity: FileIdentity) -> SharedRegion? {
    state.withLock { $0.regions[identity]?.object }
  }

  /// The block that a handle names: the one that is here, or mapped anew.
  ///
  /// - Parameter openRegion: maps the file if it is not mapped here.
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
  /// The block, if it is what a handle says, through whatever process that leads to it.
  func verified(as handle: SharedHandle) throws(SharedMemoryError) -> SharedBlock {
    var own = SharedHandle(self)
    own.owner = handle.owner
    guard own == handle else { throw .mismatched("kind, size or stride is another") }
    return self
  }
}
