import Glibc

extension Descriptor {
  /// Reads from a place in the file until the memory is full, the file ends, or it cannot be read.
  ///
  /// Where another process may shorten a file at any moment, this is how to look into it: what is mapped and cut off
  /// costs the life of whoever reads it (`SIGBUS`).
  ///
  /// - Returns: how many bytes there are now.
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
