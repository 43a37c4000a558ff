import Synchronization

/// A field of the status page: one atomic word at a fixed offset.
@usableFromInline
package struct PageField<Value: AtomicRepresentable & Sendable>: Sendable {
  /// The offset from the beginning of the page, in bytes.
  @usableFromInline package let offset: Int

  @inlinable package init(at offset: Int) { self.offset = offset }
}
