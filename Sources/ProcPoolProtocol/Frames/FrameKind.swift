/// What a frame carries. The bodies are in `Messages`.
package enum FrameKind: UInt8, Sendable, CaseIterable {
  // Coordinator to worker
  /// Settings of the worker; the first frame. Body: ``Hello``.
  case hello = 1
  /// The task value of a call, once before the call's first chunk. ``first`` holds the number by which the worker
  /// keeps the task, or 0. Body: ``CallMessage``; none if the worker keeps the task already.
  case call = 2
  /// Items to run. Body: ``count`` inputs, packed (see ``ItemPacking``).
  case chunk = 3
  /// Chunks after a take-back follow; ``first`` holds the gate's epoch. No body.
  case resume = 4
  /// The call will send no more chunks: its task value can go. No body.
  case endCall = 5
  /// The worker is to leave. No body.
  case end = 6
  /// What the worker lent first has arrived: ``count`` shared blocks. No body.
  case acknowledge = 7

  /// As ``chunk``, whose body lies in the coordinator's memory. Body: ``BodyLocation``.
  case indirectChunk = 8

  /// The next chunk's item was begun before: ``count`` is the number of this attempt. No body.
  case attempt = 9
  /// The worker is number ``count`` of the pool from now on. No body.
  case seat = 10
  /// Memory of the coordinator's for outputs of the next chunk. Body: ``BodyLocation``.
  case room = 11
  /// The chunks follow once more that the worker has not answered, all of them in the pipe. No body.
  case again = 12
  /// The worker is to let go of the task that it keeps as number ``first``. No body.
  case drop = 13

  // Worker to coordinator
  /// The worker is ready; its first frame. Body: ``Greeting``.
  case greeting = 64
  /// Outputs of consecutive items. Body: ``count`` outputs, packed.
  case results = 65
  /// Consecutive items ended without an output, all for one reason. Body: ``ErrorReport``.
  case failure = 66
  /// Shared blocks whose handles are in an output, or an error, of ``call`` that follows: that of the item at position
  /// ``first`` in the worker's order. Body: a 64-bit number of files that have been passed with it, then ``count``
  /// handles.
  case lend = 67
  /// As ``results``, but the frame itself lies in the chunk's room. Body: ``IndirectFrame``.
  case indirectResults = 68
  /// The worker cannot reach the memory that a chunk lies in, and has begun none of it. It skips all chunks until
  /// `again`. No body.
  case unreachable = 69
  /// The worker may not look into the coordinator's process, and asks for shared memory by its socket. No body.
  case refused = 70
  /// The worker has prepared the task of ``call``, which took long. ``first`` holds the number by which it keeps the
  /// task from now on, or 0. Comes before all results of that call in that worker. Body: ``PreparationReport``.
  case prepared = 71
}
