import ProcPoolProtocol

/// Reads bytes as either side of a pool reads its stream: preamble, frames, the body of each, items in
/// chunks.
///
/// With the fuzzer's own checks on memory and time, it is enough that everything is read.
func readStream(_ stream: UnsafeRawBufferPointer) {
  guard (try? Preamble.check(stream)) == true else { return readFrames(stream) }
  readFrames(UnsafeRawBufferPointer(rebasing: stream.dropFirst(Preamble.size)))
}

private func readFrames(_ stream: UnsafeRawBufferPointer) {
  var rest = stream
  while case .frame(let header)? = try? FrameScan.scan(rest, limit: 1 << 20) {
    let body = UnsafeRawBufferPointer(rebasing: rest.dropFirst(FrameHeader.size).prefix(header.bodyLength))
    read(body, of: header)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(header.frameLength))
  }
}

private func read(_ body: UnsafeRawBufferPointer, of header: FrameHeader) {
  switch header.kind {
  case .hello: checkRewritten(try? Hello(from: body)) { $0.write(to: &$1) }
  case .greeting: checkRewritten(try? Greeting(from: body)) { $0.write(to: &$1) }
  case .failure: checkRewritten(try? ErrorReport(from: body)) { $0.write(to: &$1) }
  case .indirectResults: checkRewritten(try? IndirectFrame(from: body)) { $0.write(to: &$1) }
  case .indirectChunk, .room: checkRewritten(try? BodyLocation(from: body)) { $0.write(to: &$1) }
  case .prepared: checkRewritten(try? PreparationReport(from: body)) { $0.write(to: &$1) }
  case .call: _ = try? CallMessage(from: body)
  case .chunk, .results:
    for stride in [0, 1, 8, 24] {
      let packing = ItemPacking(stride: stride)
      // As many as the header says, which may be four milliards: an item of no fixed size takes a byte at
      // least.
      guard let length = try? packing.length(ofFirst: Int(header.count), in: body) else { continue }
      precondition(length <= body.count, "items reach beyond their frame")
    }
    _ = ChunkFlags(rawValue: header.flags)
  // No body; and handles, which are words and are read by another module.
  case .resume, .endCall, .end, .acknowledge, .lend, .attempt, .seat, .again, .drop, .unreachable, .refused:
    break
  }
}

/// A message that could be read is the same when it has been written and read again.
private func checkRewritten<Message>(_ message: Message?, _ write: (Message, inout WireWriter) -> Void) {
  guard let message else { return }
  var writer = WireWriter()
  write(message, &writer)
  precondition(writer.count > 0, "a message was written as nothing")
}
