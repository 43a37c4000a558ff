import CProcPoolShims
import ProcPoolWire

/// The scope in which a pool encodes and decodes shared values on one thread.
///
/// A shared value is encoded as a handle, and its memory must be kept until the handle has arrived.
/// The encoding side takes ``takeCarried()``, and keeps these blocks while the message is in
/// transit. The decoding side in a worker keeps blocks in ``kept`` until the call has ended, so
/// that a block is mapped once per call.
///
/// Used by one thread at a time.
package final class SharedScope {
  /// The blocks whose handles have been written since they were last taken.
  private var carried: [SharedBlock] = []

  /// The collection that keeps decoded blocks; `nil` if the decoded values alone keep them.
  package var kept: KeptBlocks?

  /// Called if this process may not open descriptors of another process that owns a block. Returns
  /// whether that process will start its server.
  package var isRefused: ((_ process: Int32) -> Bool)?

  /// The blocks that workers have lent, for decoding outputs.
  private let lent: LentBlocks?

  package init(lent: LentBlocks? = nil) {
    self.lent = lent
  }

  package var hasCarried: Bool { !carried.isEmpty }

  /// Removes and returns the blocks whose handles have been written since the last call.
  package func takeCarried() -> [SharedBlock] {
    defer { carried.removeAll() }
    return carried
  }

  /// Runs the body with this scope as the current one of the thread.
  @inline(__always)
  package func enter<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = procpool_thread_scope()
    procpool_set_thread_scope(Unmanaged.passUnretained(self).toOpaque())
    defer { procpool_set_thread_scope(outer) }
    return try body()
  }

  /// Runs the body with this scope as the current one, and keeps the blocks that are decoded in it.
  package func enter<Result>(keepingIn blocks: KeptBlocks, _ body: () -> Result) -> Result {
    kept = blocks
    defer { kept = nil }
    return enter(body)
  }

  static var current: SharedScope? {
    procpool_thread_scope().map { Unmanaged<SharedScope>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: - Encoding and decoding of shared values

  // Shared values are frequent in tasks and items, so they are `WireCodable`. The pool's `Codable`
  // encoder writes them in the same form.

  /// Writes the handle of a block, and keeps the block until the handle has arrived.
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

  /// Reads a handle and returns its block, mapped if it is not yet.
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

/// The blocks that a worker has received with a call.
package final class KeptBlocks {
  private var blocks: [UInt64: SharedBlock] = [:]

  package init() {}

  func block(_ nonce: UInt64) -> SharedBlock? { blocks[nonce] }
  func keep(_ block: SharedBlock) { blocks[block.nonce] = block }
}
