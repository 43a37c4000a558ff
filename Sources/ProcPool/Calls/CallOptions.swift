/// The options of a call, as one value: for several calls that share them.
///
///     let careful = CallOptions(timeout: .seconds(5), retry: .atLeastOnce(maximumAttempts: 3))
///     let images = try await pool.map(Render(), over: scenes, options: careful)
///     let again = try await pool.apply(Render(), to: scenes[0], timeout: .seconds(60), options: careful)
///
/// Every verb also takes the options that apply to it as arguments of their own. An argument that
/// is given overrides the value; `nil` means "as the value says". Options that do not apply to a
/// verb are ignored: `apply` sends no chunks.
public struct CallOptions: Sendable {
  /// How many items are sent to a worker at a time.
  ///
  /// Chunks have exactly this size, except for the last one. At least 1. By default a chunk takes
  /// about half a millisecond, estimated from the items of the last call with a task of this type
  /// and then from the items of this call, and less towards the end of the call. Whatever the size,
  /// the unstarted part of a chunk is divided when other workers are idle.
  public var chunkSize: Int?

  /// The maximum number of items of a stream that have been taken from the inputs and whose results
  /// have not been consumed; at least one chunk.
  ///
  /// By default as many as keep the workers busy, and some thousands more for results that arrive
  /// out of order.
  public var inFlight: Int?

  /// How long an item may run before its worker is killed and the item fails. Positive.
  ///
  /// The time starts when the item is first observed running, and is checked every eighth of the
  /// limit, at least every 100 ms. It includes decoding the input and encoding the output.
  /// Preparing the task (decoding it, and `prepare`) has a separate limit, which is the same unless
  /// ``preparationTimeout`` is set.
  public var timeout: Duration?

  /// How long preparing the task may take in a worker before the worker is killed. Positive.
  ///
  /// The item for which the worker prepared the task fails with ``PoolError/timedOut(_:limit:)``.
  /// By default the limit is ``timeout``, and if that is not set either, preparing may take any
  /// time.
  public var preparationTimeout: Duration?

  /// How long the call may take, including the time that it waits for workers. Positive.
  ///
  /// A call that exceeds it throws ``PoolError/deadlineExceeded(limit:)``, and its unfinished items
  /// are cancelled.
  public var deadline: Duration?

  /// How many attempts there are at an item whose worker is lost; one by default.
  public var retry: RetryPolicy?

  /// The attempts at an item whose task throws, and the pauses between them; one attempt by
  /// default.
  public var backoff: Backoff?

  /// How the progress of the call is reported; not at all by default.
  public var progress: ProgressReport?

  /// Creates options. Omitted arguments have the defaults that are documented with the properties.
  public init(
    chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    backoff: Backoff? = nil, progress: ProgressReport? = nil
  ) {
    self.chunkSize = chunkSize
    self.inFlight = inFlight
    self.timeout = timeout
    self.preparationTimeout = preparationTimeout
    self.deadline = deadline
    self.retry = retry
    self.backoff = backoff
    self.progress = progress
  }

  /// These options, and `others` for those that are omitted.
  @usableFromInline
  func over(_ others: CallOptions) -> CallOptions {
    CallOptions(
      chunkSize: chunkSize ?? others.chunkSize, inFlight: inFlight ?? others.inFlight,
      timeout: timeout ?? others.timeout,
      preparationTimeout: preparationTimeout ?? others.preparationTimeout,
      deadline: deadline ?? others.deadline,
      retry: retry ?? others.retry, backoff: backoff ?? others.backoff, progress: progress ?? others.progress)
  }
}

extension CallLimits {
  init(_ options: CallOptions) {
    self.init(
      timeout: options.timeout, preparationTimeout: options.preparationTimeout, deadline: options.deadline,
      attempts: (options.retry ?? .atMostOnce).attempts, backoff: options.backoff)
  }
}
