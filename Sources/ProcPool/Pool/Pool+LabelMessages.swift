// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// The messages are the documentation.

import ProcPoolWorker

// Functions that cannot be called, for calls without the label of the inputs: without these, the compiler chose a function
// for closures and reported that, or asked for a bug report. As in Pool+Messages.swift, each is compiled by a test.

extension Pool {
  @available(*, unavailable, message: "the label `over:` is missing: map(task, over: inputs)")
  public func map<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) async throws -> [T.Output] { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: mapResults(task, over: inputs)")
  public func mapResults<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) async -> [Result<T.Output, PoolError>] { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: mapAsync(task, over: inputs)")
  public func mapAsync<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> TaskHandle<[T.Output]> { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: forEach(task, over: inputs)")
  public func forEach<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) async throws { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: forEachAsync(task, over: inputs)")
  public func forEachAsync<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> TaskHandle<Void> { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: imap(task, over: inputs)")
  public func imap<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> PoolStream<T.Output> { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: imapUnordered(task, over: inputs)")
  public func imapUnordered<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> PoolStream<T.Output> { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: imapResults(task, over: inputs)")
  public func imapResults<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> PoolStream<Result<T.Output, PoolError>> { fatalError() }

  @available(*, unavailable, message: "the label `over:` is missing: imapItems(task, over: inputs)")
  public func imapItems<T: PoolTask, Inputs>(
    _ task: T, _ inputs: Inputs
  ) -> PoolStream<ItemResult<T.Input, T.Output>> { fatalError() }

  @available(
    *, unavailable, message: "the label `over:` is missing: mapReduce(task, over: inputs, startingWith: …)"
  )
  public func mapReduce<T: ReducingTask, Inputs>(
    _ task: T, _ inputs: Inputs, startingWith initial: T.Output
  ) async throws -> T.Output { fatalError() }

  @available(*, unavailable, message: "the label `to:` is missing: apply(task, to: input)")
  public func apply<T: PoolTask, Input>(
    _ task: T, _ input: Input
  ) async throws -> T.Output { fatalError() }

  @available(*, unavailable, message: "the label `to:` is missing: applyAsync(task, to: input)")
  public func applyAsync<T: PoolTask, Input>(
    _ task: T, _ input: Input
  ) -> TaskHandle<T.Output> { fatalError() }

  @available(*, unavailable, message: "the label `to:` is missing: submit(task, to: input)")
  public func submit<T: PoolTask, Input>(
    _ task: T, _ input: Input
  ) async throws -> TaskHandle<T.Output> { fatalError() }

  @available(*, unavailable, message: "the label `to:` is missing: broadcast(task, to: input)")
  public func broadcast<T: PoolTask, Input>(
    _ task: T, _ input: Input
  ) async throws -> [T.Output] { fatalError() }
}
