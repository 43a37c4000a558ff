import Glibc

extension Descriptor {
  /// Reads from an offset of the file until the memory is full, the file ends, or an error occurs.
  ///
  /// Use this for files that another process may truncate: reading a mapping beyond the end of its
  /// file kills the process (`SIGBUS`).
  ///
  /// - Returns: the number of bytes read.
  package func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    var count = 0
    while count < memory.count {
      let read = attemptTransfer(.read) { isShort in
        pread(number, memory.baseAddress! + count, isShort ? 1 : memory.count - count, off_t(offset + count))
      }
      if read < 0 && errno == EINTR { continue }
      if read <= 0 { break }
      count += read
    }
    return count
  }
}
