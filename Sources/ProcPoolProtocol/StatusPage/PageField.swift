import Synchronization

/// A field of the status page: one atomic word at a fixed offset.
@usableFromInline
package struct PageField<Value: AtomicRepresentable & Sendable>: Sendable {
  /// Bytes from the beginning of the page.
  @usableFromInline package let offset: Int

  @inlinable package init(at offset: Int) { self.offset = offset }
}
