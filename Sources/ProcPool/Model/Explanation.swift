/// An explanation, in words, of the time that a call takes: what limits it, by which figure, and
/// what to change.
///
///     _ = try await pool.map(Square(), over: numbers, chunkSize: 1)
///     print(pool.explanation)
///     // Call 1 (Square): 100 000 items in 412 ms on 8 workers. Of the workers' time 3 % went into running items, …
///     // · Chunks are too small: …
public struct Explanation: Sendable, Hashable, Encodable, CustomStringConvertible {
  /// A reason why a call takes longer than necessary.
  public struct Limit: Sendable, Hashable, Encodable, CustomStringConvertible {
    /// The kinds of limits.
    public enum Kind: String, Sendable, Hashable, Encodable, CaseIterable {
      /// The call waited for workers to start.
      case startUp
      /// Workers spend a large part of their time on preparing tasks: decoding them, and `prepare`.
      case preparing
      /// Running a chunk takes less time than sending it.
      case chunksTooSmall
      /// Running an item takes less time than encoding and decoding it.
      case itemsTooSmall
      /// Copying takes more time than running.
      case payloadTooLarge
      /// The coordinator is too busy to keep the workers busy.
      case serialCoordinator
      /// The coordinator is idle and does not keep the workers busy: its program does something
      /// else.
      case slowCaller
      /// Items run one after the other.
      case oneByOne
      /// There are only a few items per worker, or hardly any work.
      case tooFewItems
      /// At the end of the call most workers wait for a few.
      case unevenItems
      /// There are processors without a worker.
      case tooFewWorkers
      /// The workers use all processors.
      case processors
      /// Workers have died, and their work was repeated or lost.
      case losses
    }

    /// The kind of the limit.
    public let kind: Kind
    /// A rough estimate of the share of the workers' time that the limit costs, from 0 to 1.
    public let share: Double
    /// The limit, the figure that shows it, and the remedy.
    public let description: String
  }

  /// A summary of the call, in a sentence or two.
  public let summary: String
  /// The limits, in descending order of their share; empty if none stands out.
  public let limits: [Limit]

  /// The summary, followed by each limit on a line of its own.
  public var description: String {
    ([summary] + limits.map { "· \($0)" }).joined(separator: "\n")
  }
}
