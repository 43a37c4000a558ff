import Glibc
import ProcPoolSystem

/// What is to be written to one worker, in order: pieces of memory that many frames share.
///
/// Writing happens outside the pool's lock, by whichever thread gets there first; the others are kept out, so that frames
/// leave in the order in which they were appended.
struct Outbox {
  struct Piece {
    let memory: FrameMemory
    var start: Int
    var end: Int
  }

  private(set) var pieces = Deque<Piece>()
  /// A thread is writing what it took.
  private var isWriting = false

  /// Appends bytes; next to what was appended last they become one piece with it.
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

  /// Takes everything out, to be written by the caller, who then calls ``putBack(_:)``.
  ///
  /// - Returns: nothing while another thread writes.
  mutating func take() -> Deque<Piece> {
    if isWriting { return Deque() }
    isWriting = !pieces.isEmpty
    defer { pieces = Deque() }
    return pieces
  }

  /// Ends a write: puts back what could not be written, before what came meanwhile.
  mutating func putBack(_ rest: Deque<Piece>) {
    isWriting = false
    guard !rest.isEmpty else { return }
    var all = rest
    for piece in pieces { all.append(piece) }
    pieces = all
  }

  /// Writes pieces until they are gone or the descriptor takes no more, and removes what was written.
  ///
  /// - Returns: the bytes written.
  static func write(
    _ pieces: inout Deque<Piece>, to descriptor: borrowing Descriptor
  ) throws(SystemError) -> Int {
    // 64 pieces per call: with less the calls cost more than the bytes, and IOV_MAX is 1 024.
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
      // `closed` cannot be: the coordinator keeps a reading end open itself.
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
