// Re-exported, so that a task's module can share memory, and opt in to the wire's faster paths.
@_exported import ProcPoolSharedMemory
@_exported import ProcPoolWire

/// What a worker can do: one function from an input to an output, with the values it needs.
///
///     struct Scale: PoolTask {
///       var factor: Double
///       func run(_ x: Double) -> Double { factor * x }
///     }
///
///     try await pool.map(Scale(factor: 3), over: [1, 2, 3])     // [3.0, 6.0, 9.0]
///
/// The task value is sent once per call to each worker that serves the call, not once per item: its
/// properties are what a closure would capture. A global variable that the coordinator has set is not set in
/// a worker.
///
/// `run` may be synchronous or asynchronous, may throw, and may be `mutating`; what a mutating `run` changes
/// stays in that worker until the call ends, so that results may then depend on which worker got which items.
///
/// A worker finds the type by its name and needs no registration. The type must not be `private`,
/// `fileprivate` or local to a function, since such a type cannot be found; the pool refuses it before
/// anything is sent.
///
/// A synchronous `run` has the worker's serving thread to itself, with 8 MiB of stack. Child tasks that an
/// asynchronous `run` starts (`async let`, task groups) take turns on that thread too; to use several
/// processors within one item, start them with `Task.detached`.
public protocol PoolTask: Codable, Sendable {
  /// What each item is made of.
  associatedtype Input: Codable & Sendable
  /// What each item gives. The pool's verbs ask that it be `Codable` or `Void`.
  associatedtype Output: Sendable

  /// Turns one input into its output, in a worker.
  mutating func run(_ input: Input) async throws -> Output

  /// Called once per call in each worker that serves it, before the worker's first item.
  ///
  /// What it builds belongs in ``WorkerLocal`` properties. If it throws, every item that the worker was given
  /// for this call fails with that error. Does nothing unless implemented.
  mutating func prepare() async throws

  /// The loop over a chunk. Not to be implemented: the default is specialised for the task in the task's own
  /// module, which is what makes an item cost nanoseconds.
  mutating func _runChunk(_ chunk: inout _ChunkRun<Input, Output>) async

  /// How outputs are sent. Not to be implemented: the defaults cover what can be sent.
  static func _makeOutputCodec() -> _OutputCodec<Output>
}

/// How the outputs of a task cross the wire.
public enum _OutputCodec<Output> {
  case values(ItemCodec<Output>)
  /// `Void`: that an item ended is all there is to say.
  case nothing
  /// The type is neither `Codable` nor `Void`.
  case unavailable
}

extension PoolTask {
  public mutating func prepare() async throws {}

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

  /// For an output type that only the worker knows to be sendable, such as a generic parameter.
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
  public static func _makeOutputCodec() -> _OutputCodec<Output> { .values(ItemCodec<Output>.resolve()) }
}

extension PoolTask where Output == Void {
  public static func _makeOutputCodec() -> _OutputCodec<Output> { .nothing }
}
