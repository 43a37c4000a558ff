import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// Frames to be written, possibly more than once. The memory is shared by all of its frames.
// Safety: `@unchecked Sendable` because the memory is written before it is shared. Afterwards only
// the flags of a frame and the number of its task change, under the pool's lock and before the
// frame is sent.
final class FrameMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// The shared blocks whose handles are in the frames.
  let shared: [SharedBlock]
  /// The use of shared memory; `nil` for memory on the heap.
  private let loan: PayloadMemory.Loan?

  init(_ writer: consuming WireWriter, shared: [SharedBlock] = []) {
    let (base, count, owner) = writer.release()!
    self.base = base
    self.count = count
    self.shared = shared
    // Safety: a lane is the only memory owner that writers have, so the cast cannot fail.
    loan = owner.map { unsafeDowncast($0, to: PayloadMemory.Loan.self) }
  }

  deinit {
    if loan == nil { base.deallocate() }
  }

  /// The segment that contains the memory, if it is shared with workers.
  var segment: PayloadMemory.Segment? { loan?.segment }

  /// Stores the call in the header of the first frame.
  func number(call: CallID) { change { $0.call = call } }

  /// Stores the number of the task in the header of a `call` frame.
  func number(task: UInt64) { change { $0.first = task } }

  private func change(_ change: (inout FrameHeader) -> Void) {
    var header = try! FrameHeader(loading: base)  // Written by this process.
    change(&header)
    header.store(to: base)
  }

  /// Creates a single frame without a body, or with a small one.
  convenience init(
    _ header: FrameHeader, shared: [SharedBlock] = [], _ body: (inout WireWriter) -> Void = { _ in }
  ) {
    var writer = WireWriter(capacity: 64)
    writer.writeFrame(header, body)
    self.init(writer, shared: shared)
  }
}
