// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// The messages are the documentation.

import ProcPoolWorker

// Functions that cannot be called. When no other function fits a call, the compiler finds one of these and reports its
// message, which names the mistake; otherwise it would report that types do not match, or nothing that makes sense.
// Each is compiled by a test: `Tests/DocumentationTests/Context/Misuse.swift`.
//
// If several fit, the compiler prefers the most constrained one. None constrains the inputs, so each function covers
// sequences, asynchronous sequences, and values that are neither.

// MARK: - The output is not Codable

extension Pool {
  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func map<T: PoolTask, Inputs>(
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
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func mapResults<T: PoolTask, Inputs>(
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
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func mapAsync<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imap<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapUnordered<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapResults<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the task's Output must be Codable, because it travels between processes; tuples and Result are not: return a struct that is (in a generic function, add `where T.Output: Codable`)"
  )
  public func imapItems<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> { fatalError() }

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
  public func map<T: PoolTask, Inputs>(
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
  public func mapAsync<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message: "the task returns nothing; use forEach(_:over:)"
  )
  public func imap<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message: "the task returns nothing; use forEach(_:over:)"
  )
  public func imapUnordered<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output == Void { fatalError() }
}

// MARK: - The inputs are of another type

// The compiler prints a message as it is written, so these cannot name the two types. Without these functions it would
// name them in some calls, and in others, such as `map` over an array, "failed to produce diagnostic for expression".

extension Pool {
  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func map<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func mapResults<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func forEach<T: PoolTask, Inputs>(
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
      "the inputs are not of the type that the task takes: `over:` needs a sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`; asynchronous sequences are for map(_:over:)"
  )
  public func mapAsync<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`; asynchronous sequences are for forEach(_:over:)"
  )
  public func forEachAsync<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imap<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imapUnordered<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imapResults<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imapItems<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where T.Output: Codable { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func mapReduce<T: ReducingTask, Inputs>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func mapResults<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imapResults<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output == Void { fatalError() }

  @available(
    *, unavailable,
    message:
      "the inputs are not of the type that the task takes: `over:` needs a sequence or an asynchronous sequence whose elements are of the task's `Input`, the parameter type of its `run(_:)`; convert them: `inputs.map { … }`"
  )
  public func imapItems<T: PoolTask, Inputs>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where T.Output == Void { fatalError() }
}
