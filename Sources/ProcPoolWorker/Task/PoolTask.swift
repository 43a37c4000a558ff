// Re-exported so that a module of tasks can share memory and conform to `WireCodable` with one
// import.
@_exported import ProcPoolSharedMemory
@_exported import ProcPoolWire

/// A function from an input to an output that workers run, with the values that it needs.
///
///     struct Scale: PoolTask {
///       var factor: Double
///       func run(_ x: Double) -> Double { factor * x }
///     }
///
///     try await pool.map(Scale(factor: 3), over: [1, 2, 3])     // [3.0, 6.0, 9.0]
///
/// The task value is sent at most once per call to each worker that serves the call, rather than
/// once per item. Its properties play the role of a closure's captures. Global variables are not sent: a
/// value that the coordinator has assigned to one is not visible in a worker.
///
/// `run` may be synchronous or asynchronous, may throw, and may be `mutating`. What a mutating
/// `run` changes stays in that worker until the call ends, so results can depend on which worker
/// ran which items.
///
/// If decoding the task and ``prepare()`` took more than 100 µs, the worker keeps the prepared task,
/// within the bounds of the pool's configuration. A later call with a task of the same type that is
/// encoded as the same bytes is then neither sent nor prepared there again. Every call starts from a
/// copy of the task as ``prepare()`` left it: other calls do not see what `run` changes in plain
/// properties. They do see what it changes in a ``WorkerLocal`` property or in an object of a class,
/// which copies share. ``isKept`` turns this off.
///
/// A worker looks up the type by its name; types need no registration. The type must not be
/// `private`, `fileprivate` or local to a function, because such types cannot be looked up. A call
/// with such a task fails with `PoolError.taskUnavailable` before anything is sent.
///
/// A synchronous `run` runs on the worker's serving thread, which has 8 MiB of stack. Child tasks
/// of an asynchronous `run` (`async let`, task groups) share that thread. To use several processors
/// within one item, start work with `Task.detached`.
public protocol PoolTask: Codable, Sendable {
  /// The argument of `run`, one for each item.
  associatedtype Input: Codable & Sendable
  /// The result of `run`, one for each item. The verbs of a pool require it to be `Codable` or
  /// `Void`.
  associatedtype Output: Sendable

  /// Computes the output for one input, in a worker.
  ///
  /// - Throws: any error. The item then fails with `PoolError.taskFailed`, which carries the error
  ///   itself if its type is `Codable`.
  mutating func run(_ input: Input) async throws -> Output

  /// Prepares the task in a worker, before the first item.
  ///
  /// Store what it builds in ``WorkerLocal`` properties. It runs once per worker as long as the
  /// worker keeps the task, and otherwise once per call and worker. The default implementation does
  /// nothing.
  ///
  /// - Throws: any error. Every item of the call that was assigned to the worker then fails with
  ///   it, and the task is not kept.
  mutating func prepare() async throws

  /// Whether workers keep the prepared task between calls; `true` by default.
  ///
  /// Return `false` if each call must begin with what `prepare` builds for it alone, or if what
  /// `prepare` builds depends on more than the task's properties, such as the content of a file.
  static var isKept: Bool { get }

  /// Runs the items of a chunk. Do not implement it: the default is specialised for the task in the
  /// task's own module, which keeps the cost of an item at a few nanoseconds.
  mutating func _runChunk(_ chunk: inout _ChunkRun<Input, Output>) async

  /// Returns how outputs are encoded. Do not implement it: the defaults cover every output that can
  /// be sent.
  static func _makeOutputCodec() -> _OutputCodec<Output>
}

/// The encoding of a task's outputs.
public enum _OutputCodec<Output> {
  /// Outputs are encoded by an item codec.
  case values(ItemCodec<Output>)
  /// The output is `Void`: only the end of an item is reported.
  case nothing
  /// The type is neither `Codable` nor `Void`.
  case unavailable
}

extension PoolTask {
  /// Does nothing.
  public mutating func prepare() async throws {}

  /// Returns `true`.
  public static var isKept: Bool { true }

  /// Runs the items that have not been taken back, in order, and records the output or the error of
  /// each.
  @inlinable
  public mutating func _runChunk(_ chunk: inout _ChunkRun<Input, Output>) async {
    while chunk.startNext() {
      guard let input = chunk.takeInput() else { continue }
      do {
        chunk.finish(try await run(input))
      } catch {
        chunk.fail(error)
      }
    }
  }

  /// Looks up the encoding at run time, for an output type that is not known to be `Codable` at
  /// compile time, such as a generic parameter.
  public static func _makeOutputCodec() -> _OutputCodec<Output> {
    func values<Value: Codable>(_: Value.Type) -> _OutputCodec<Output> {
      // The cast cannot fail: `Value` is `Output`.
      .values(ItemCodec<Value>.resolve() as! ItemCodec<Output>)
    }
    if Output.self == Void.self { return .nothing }
    if let type = Output.self as? any Codable.Type { return values(type) }
    return .unavailable
  }
}

extension PoolTask where Output: Codable {
  /// Returns the fastest codec for the output type.
  public static func _makeOutputCodec() -> _OutputCodec<Output> { .values(ItemCodec<Output>.resolve()) }
}

extension PoolTask where Output == Void {
  /// Returns ``_OutputCodec/nothing``.
  public static func _makeOutputCodec() -> _OutputCodec<Output> { .nothing }
}
