import ProcPoolWire

extension WireWriter {
  /// Appends the number of bytes and the bytes.
  mutating func writeBlob(_ bytes: [UInt8]) {
    writeVarint(UInt64(bytes.count))
    bytes.withUnsafeBytes { writeBytes($0) }
  }

  mutating func writeText(_ text: String) {
    writeBlob(Array(text.utf8))
  }

  /// Appends a frame whose body `write` adds, and fills in its length.
  package mutating func writeFrame(_ header: FrameHeader, _ write: (inout WireWriter) throws -> Void) rethrows
  {
    let start = count
    _ = appendUninitialized(FrameHeader.size)
    try write(&self)
    var header = header
    header.bodyLength = count - start - FrameHeader.size
    padTo8()
    withBytes(at: start, count: FrameHeader.size) { header.store(to: $0) }
  }

  private mutating func withBytes(at offset: Int, count: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    // Safety: the writer owns the memory, which `bytes` exposes as immutable.
    body(UnsafeMutableRawPointer(mutating: bytes.baseAddress! + offset))
  }
}

extension WireReader {
  mutating func readBlob() throws(WireError) -> [UInt8] {
    [UInt8](try readBytes(readCount(minimumBytesEach: 1)))
  }

  /// Reads text, and repairs invalid UTF-8: text that was cut within a character is still useful.
  mutating func readText() throws(WireError) -> String {
    String(decoding: try readBlob(), as: UTF8.self)
  }
}
