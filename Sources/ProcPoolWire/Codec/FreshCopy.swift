private import CProcPoolShims

extension UnsafeMutableRawBufferPointer {
  /// Copies bytes to the beginning of newly allocated memory. Faster than an ordinary copy if there
  /// are many bytes.
  @usableFromInline
  package func copyIntoFresh(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= count, "no room for \(bytes.count) bytes in \(count)")
    guard let to = baseAddress, let from = bytes.baseAddress else { return }
    procpool_copy_fresh(to, from, bytes.count)
  }
}
