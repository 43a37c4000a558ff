private import CProcPoolShims

extension UnsafeMutableRawBufferPointer {
  /// Copies bytes to the beginning of memory that was obtained for them just now: faster than a copy to any
  /// memory where they are many.
  @usableFromInline
  package func copyIntoFresh(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= count, "no room for \(bytes.count) bytes in \(count)")
    guard let to = baseAddress, let from = bytes.baseAddress else { return }
    procpool_copy_fresh(to, from, bytes.count)
  }
}
