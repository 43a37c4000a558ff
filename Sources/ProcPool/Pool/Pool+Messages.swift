// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// The messages are the documentation.

import ProcPoolWorker

// Functions that cannot be called. When no other function fits a call, the compiler finds one of these and reports its
// message, which names the mistake; otherwise it would report that types do not match, or nothing that makes sense.
// Each is compiled by a test: `Tests/DocumentationTests/Context/Misuse.swift`.

// MARK: - The output is not Codable

extension Pool {
  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func map<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func mapResults<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func mapAsync<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imap<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapUnordered<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapResults<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapItems<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where Inputs.Element == T.Input { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func apply<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func applyAsync<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) -> TaskHandle<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public nonisolated(nonsending) func submit<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) async throws -> TaskHandle<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func broadcast<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] { fatalError() }
}

// MARK: - There is no output

extension Pool {
  @available(
    *, unavailable,
    message: "the task returns nothing; use forEach(_:over:)"
  )
  public func map<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message: "the task returns nothing; use forEachAsync(_:over:)"
  )
  public func mapAsync<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message: "the task returns nothing; use forEach(_:over:)"
  )
  public func imap<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Void> where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message: "the task returns nothing; use forEach(_:over:)"
  )
  public func imapUnordered<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Void> where T.Output == Void { fatalError() }
}

// MARK: - The inputs are of another type

extension Pool {
  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func map<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func mapResults<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func forEach<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func mapAsync<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func forEachAsync<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func imap<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func imapUnordered<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func imapResults<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func imapItems<T: PoolTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes, its `Input`; convert them: `inputs.map { … }`"
  )
  public func mapReduce<T: ReducingTask, Inputs: Sequence>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output { fatalError() }
}

// MARK: - The task is a closure

extension Pool {
  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call map(MyTask(…), over: inputs)"
  )
  public func map<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call map(MyTask(…), over: inputs)"
  )
  public func map<Inputs: Sequence, Output>(
    over inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call map(MyTask(…), over: inputs)"
  )
  public func map<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async throws -> [Output] { fatalError() }
}
