import ProcPoolWire

extension WireWriter {
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
