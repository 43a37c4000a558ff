// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// The messages are the documentation.

import ProcPoolWorker

// Functions that cannot be called, as in `Pool+Messages.swift`, for closures in place of tasks. They spell out the
// closure's type: with a generic parameter in its place, the compiler could not infer the type of `$0`.

// MARK: - The closure after the inputs

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
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call mapResults(MyTask(…), over: inputs)"
  )
  public func mapResults<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async -> [Result<Output, PoolError>] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEach(MyTask(…), over: inputs)"
  )
  public func forEach<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async throws { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call mapAsync(MyTask(…), over: inputs)"
  )
  public func mapAsync<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> TaskHandle<[Output]> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEachAsync(MyTask(…), over: inputs)"
  )
  public func forEachAsync<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> TaskHandle<Void> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imap(MyTask(…), over: inputs)"
  )
  public func imap<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapUnordered(MyTask(…), over: inputs)"
  )
  public func imapUnordered<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapResults(MyTask(…), over: inputs)"
  )
  public func imapResults<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> PoolStream<Result<Output, PoolError>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapItems(MyTask(…), over: inputs)"
  )
  public func imapItems<Inputs: Sequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> PoolStream<ItemResult<Inputs.Element, Output>> { fatalError() }

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
  public func map<Inputs: AsyncSequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEach(MyTask(…), over: inputs)"
  )
  public func forEach<Inputs: AsyncSequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) async throws { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imap(MyTask(…), over: inputs)"
  )
  public func imap<Inputs: AsyncSequence, Output>(
    _ inputs: Inputs, _ body: (Inputs.Element) async throws -> Output
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to ReducingTask, whose properties are what the closure captures, and call mapReduce(MyTask(…), over: inputs, startingWith: initial)"
  )
  public func mapReduce<Inputs: Sequence, Output>(
    _ inputs: Inputs, startingWith initial: Output, _ body: (Output, Inputs.Element) async throws -> Output
  ) async throws -> Output { fatalError() }
}

// MARK: - The closure in place of the task

extension Pool {
  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call map(MyTask(…), over: inputs)"
  )
  public func map<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call mapResults(MyTask(…), over: inputs)"
  )
  public func mapResults<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async -> [Result<Output, PoolError>] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEach(MyTask(…), over: inputs)"
  )
  public func forEach<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async throws { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call mapAsync(MyTask(…), over: inputs)"
  )
  public func mapAsync<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> TaskHandle<[Output]> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEachAsync(MyTask(…), over: inputs)"
  )
  public func forEachAsync<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> TaskHandle<Void> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imap(MyTask(…), over: inputs)"
  )
  public func imap<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapUnordered(MyTask(…), over: inputs)"
  )
  public func imapUnordered<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapResults(MyTask(…), over: inputs)"
  )
  public func imapResults<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> PoolStream<Result<Output, PoolError>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imapItems(MyTask(…), over: inputs)"
  )
  public func imapItems<Inputs: Sequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> PoolStream<ItemResult<Inputs.Element, Output>> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call map(MyTask(…), over: inputs)"
  )
  public func map<Inputs: AsyncSequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call forEach(MyTask(…), over: inputs)"
  )
  public func forEach<Inputs: AsyncSequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) async throws { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call imap(MyTask(…), over: inputs)"
  )
  public func imap<Inputs: AsyncSequence, Output>(
    _ body: (Inputs.Element) async throws -> Output, over inputs: Inputs
  ) -> PoolStream<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call apply(MyTask(…), to: input)"
  )
  public func apply<Input, Output>(
    _ body: (Input) async throws -> Output, to input: Input
  ) async throws -> Output { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call apply(MyTask(…), to: input)"
  )
  public func apply<Output>(
    _ body: () async throws -> Output
  ) async throws -> Output { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call applyAsync(MyTask(…), to: input)"
  )
  public func applyAsync<Input, Output>(
    _ body: (Input) async throws -> Output, to input: Input
  ) -> TaskHandle<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call applyAsync(MyTask(…), to: input)"
  )
  public func applyAsync<Output>(
    _ body: () async throws -> Output
  ) -> TaskHandle<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call submit(MyTask(…), to: input)"
  )
  public func submit<Input, Output>(
    _ body: (Input) async throws -> Output, to input: Input
  ) async throws -> TaskHandle<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call submit(MyTask(…), to: input)"
  )
  public func submit<Output>(
    _ body: () async throws -> Output
  ) async throws -> TaskHandle<Output> { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call broadcast(MyTask(…), to: input)"
  )
  public func broadcast<Input, Output>(
    _ body: (Input) async throws -> Output, to input: Input
  ) async throws -> [Output] { fatalError() }

  @available(
    *, unavailable,
    message:
      "a closure cannot be sent to a worker; declare a struct that conforms to PoolTask, whose properties are what the closure captures, and call broadcast(MyTask(…), to: input)"
  )
  public func broadcast<Output>(
    _ body: () async throws -> Output
  ) async throws -> [Output] { fatalError() }
}
