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
