import Glibc
import ProcPoolSystem

/// The queue of data to be written to one worker: pieces of memory that many frames share.
///
/// Any thread may write, outside the pool's lock, but only one at a time, so that frames are
/// written in the order in which they were appended.
struct Outbox {
  struct Piece {
    let memory: FrameMemory
    var start: Int
    var end: Int
  }

  private(set) var pieces = Deque<Piece>()
  /// Whether a thread is writing the pieces that it took.
  private var isWriting = false

  /// Appends bytes. Adjacent bytes are merged into one piece.
  mutating func append(_ memory: FrameMemory, from start: Int, to end: Int) {
    if !pieces.isEmpty {
      let last = pieces[pieces.count - 1]
      if last.memory === memory, last.end == start {
        pieces[pieces.count - 1].end = end
        return
      }
    }
    pieces.append(Piece(memory: memory, start: start, end: end))
  }

  mutating func append(_ memory: FrameMemory) {
    append(memory, from: 0, to: memory.count)
  }

  /// Takes all pieces. The caller writes them, then calls ``putBack(_:)``.
  ///
  /// - Returns: no pieces while another thread writes.
  mutating func take() -> Deque<Piece> {
    if isWriting { return Deque() }
    isWriting = !pieces.isEmpty
    defer { pieces = Deque() }
    return pieces
  }

  /// Ends a write, and puts the rest back before pieces that were appended in the meantime.
  mutating func putBack(_ rest: Deque<Piece>) {
    isWriting = false
    guard !rest.isEmpty else { return }
    var all = rest
    for piece in pieces { all.append(piece) }
    pieces = all
  }

  /// Writes pieces until there are none or the descriptor is full, and removes what was written.
  ///
  /// - Returns: the number of bytes written.
  static func write(
    _ pieces: inout Deque<Piece>, to descriptor: borrowing Descriptor
  ) throws(SystemError) -> Int {
    // 64 pieces per call: with fewer, the calls cost more than the bytes; IOV_MAX is 1 024.
    let most = 64
    var total = 0
    while !pieces.isEmpty {
      let count = min(most, pieces.count)
      let transfer = try withUnsafeTemporaryAllocation(of: iovec.self, capacity: most) {
        (vector) throws(SystemError) in
        for index in 0..<count {
          let piece = pieces[index]
          vector[index] = iovec(iov_base: piece.memory.base + piece.start, iov_len: piece.end - piece.start)
        }
        return try descriptor.write(gathering: vector.baseAddress!, count: count)
      }
      // `closed` is impossible, because the coordinator itself keeps a reading end open.
      guard case .moved(var written) = transfer else { break }
      total += written
      while written > 0 {
        let length = pieces[0].end - pieces[0].start
        if written < length {
          pieces[0].start += written
          break
        }
        written -= length
        pieces.popFirst()
      }
    }
    return total
  }
}
