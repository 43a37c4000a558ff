import CProcPoolShims
import ProcPoolWire

/// What a pool does with the shared blocks that it meets while it encodes and decodes on one thread.
///
/// A value in shared memory travels as a handle, and somebody must keep the memory until the handle has
/// arrived. Who encodes takes ``takeCarried()`` and keeps it as long as the message is under way; who decodes
/// in a worker keeps what comes in ``kept`` until the call is over, so that a block is mapped once per call.
///
/// Used by one thread at a time.
package final class SharedScope {
  /// Blocks whose handles have been written since they were last taken.
  private var carried: [SharedBlock] = []

  /// Where blocks that are decoded are kept; `nil` where the value itself is enough.
  package var kept: KeptBlocks?

  /// Told that this process may not look into another that is to have a block. Returns whether that process will answer
  /// by its socket.
  package var isRefused: ((_ process: Int32) -> Bool)?

  /// What workers have lent, where outputs are decoded.
  private let lent: LentBlocks?

  package init(lent: LentBlocks? = nil) {
    self.lent = lent
  }

  package var hasCarried: Bool { !carried.isEmpty }

  package func takeCarried() -> [SharedBlock] {
    defer { carried.removeAll() }
    return carried
  }

  /// Runs the body with this scope, on this thread.
  @inline(__always)
  package func enter<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = procpool_thread_scope()
    procpool_set_thread_scope(Unmanaged.passUnretained(self).toOpaque())
    defer { procpool_set_thread_scope(outer) }
    return try body()
  }

  /// Runs the body with this scope, and keeps the blocks that are decoded in it.
  package func enter<Result>(keepingIn blocks: KeptBlocks, _ body: () -> Result) -> Result {
    kept = blocks
    defer { kept = nil }
    return enter(body)
  }

  static var current: SharedScope? {
    procpool_thread_scope().map { Unmanaged<SharedScope>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: - For the values

  // Values are written by themselves, as tasks and items are full of them; and by `Codable`'s encoders, in the same
  // form where that is the pool's own.

  /// Writes a block's handle, and has the block kept until it has arrived.
  static func encode(_ block: SharedBlock, into writer: inout WireWriter) throws(SharedMemoryError) {
    try handle(of: block).encode(into: &writer)
  }

  static func encode(_ block: SharedBlock, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(handle(of: block))
  }

  private static func handle(of block: SharedBlock) throws(SharedMemoryError) -> SharedHandle {
    guard let scope = current else { throw .outsidePool }
    scope.carried.append(block)
    return SharedHandle(block)
  }

  /// The block of a handle, mapped if it is not.
  static func decode(_ kind: BlockKind, from reader: inout WireReader) throws -> SharedBlock {
    try block(kind, of: .decode(from: &reader))
  }

  static func decode(_ kind: BlockKind, from decoder: any Decoder) throws -> SharedBlock {
    try block(kind, of: decoder.singleValueContainer().decode(SharedHandle.self))
  }

  private static func block(_ kind: BlockKind, of handle: SharedHandle) throws -> SharedBlock {
    guard let scope = current else { throw SharedMemoryError.outsidePool }
    guard handle.kind == kind else {
      throw SharedMemoryError.mismatched("it is of another kind than what is to be made of it")
    }
    if let block = scope.kept?.block(handle.nonce) { return try block.verified(as: handle) }
    let block =
      try scope.lent?.take(handle)
      ?? BlockRegistry.shared.block(for: handle) { () throws(SharedMemoryError) in try .attach(handle) }
    scope.kept?.keep(block)
    return block
  }
}

/// The blocks that a call has brought to a worker.
package final class KeptBlocks {
  private var blocks: [UInt64: SharedBlock] = [:]

  package init() {}

  func block(_ nonce: UInt64) -> SharedBlock? { blocks[nonce] }
  func keep(_ block: SharedBlock) { blocks[block.nonce] = block }
}
