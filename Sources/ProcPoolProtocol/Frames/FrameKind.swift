/// The kinds of frames. Their bodies are in `Messages`.
package enum FrameKind: UInt8, Sendable, CaseIterable {
  // Coordinator to worker
  /// Settings of the worker; the first frame. Body: ``Hello``.
  case hello = 1
  /// The task value of a call, once before the call's first chunk. ``first`` is the number under
  /// which the worker keeps the task, or 0. Body: ``CallMessage``; none if the worker has the task
  /// already.
  case call = 2
  /// Items to run. Body: ``count`` inputs, packed (see ``ItemPacking``).
  case chunk = 3
  /// Chunks after a take-back follow; ``first`` holds the gate's epoch. No body.
  case resume = 4
  /// The call will send no more chunks, so the task value can be released. No body.
  case endCall = 5
  /// The worker must exit. No body.
  case end = 6
  /// The first ``count`` shared blocks that the worker has lent have arrived. No body.
  case acknowledge = 7

  /// As ``chunk``, with the body in the coordinator's memory. Body: ``BodyLocation``.
  case indirectChunk = 8

  /// The item of the next chunk is a further attempt: ``count`` is its number. No body.
  case attempt = 9
  /// The worker is number ``count`` of the pool from now on. No body.
  case seat = 10
  /// Memory of the coordinator for outputs of the next chunk. Body: ``BodyLocation``.
  case room = 11
  /// The chunks that the worker has not answered are sent again, all of them through the pipe. No
  /// body.
  case again = 12
  /// The worker must release the task that it keeps under the number ``first``. No body.
  case drop = 13

  // Worker to coordinator
  /// The worker is ready; its first frame. Body: ``Greeting``.
  case greeting = 64
  /// Outputs of consecutive items. Body: ``count`` outputs, packed.
  case results = 65
  /// Consecutive items ended without an output for the same reason. Body: ``ErrorReport``.
  case failure = 66
  /// Shared blocks whose handles are in a following output, or error, of ``call``: that of the item
  /// at position ``first`` in the worker's order. Body: the number of files that were passed with
  /// the frame (64 bits), then ``count`` handles.
  case lend = 67
  /// As ``results``, with the frame itself in the room of the chunk. Body: ``IndirectFrame``.
  case indirectResults = 68
  /// The worker cannot map the memory of a chunk, and has started none of its items. It skips all
  /// chunks until `again`. No body.
  case unreachable = 69
  /// The worker may not open descriptors of the coordinator's process, and will request shared
  /// memory through the coordinator's socket. No body.
  case refused = 70
  /// The worker has prepared the task of ``call``, which took long. ``first`` is the number under
  /// which it keeps the task from now on, or 0. Sent before all results of the call from this
  /// worker. Body: ``PreparationReport``.
  case prepared = 71
}
