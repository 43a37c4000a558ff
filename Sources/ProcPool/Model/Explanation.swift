/// Why a call takes as long as it does, in words: what limits it, the figure that says so, and what to change.
///
///     _ = try await pool.map(Square(), over: numbers, chunkSize: 1)
///     print(pool.explanation)
///     // Call 1 (Square): 100 000 items in 412 ms on 8 workers. Of the workers' time 3 % went into running items, …
///     // · Chunks are too small: …
public struct Explanation: Sendable, Hashable, CustomStringConvertible {
  /// Something that makes a call take longer than it would have to.
  public struct Limit: Sendable, Hashable, CustomStringConvertible {
    /// What it is.
    public enum Kind: Sendable, Hashable, CaseIterable {
      /// The call had to wait until workers had been started.
      case startUp
      /// A chunk is less work than it takes to send one.
      case chunksTooSmall
      /// Items are less work than it takes to encode and decode them.
      case itemsTooSmall
      /// More time goes into copying than into running.
      case payloadTooLarge
      /// The coordinator cannot keep the workers busy: it is busy itself.
      case serialCoordinator
      /// The coordinator does not keep the workers busy, and is not busy: its program does something else.
      case slowCaller
      /// Items are run one after the other.
      case oneByOne
      /// There are no more than a few items for each worker, or hardly anything to do.
      case tooFewItems
      /// At the end most workers wait for a few.
      case unevenItems
      /// There are processors that no worker runs on.
      case tooFewWorkers
      /// The workers do what they can.
      case processors
      /// Workers have died, and their work was done again or lost.
      case losses
    }

    /// Which of those it is.
    public let kind: Kind
    /// How much of the time of all workers, from 0 to 1, is in it, by a rough estimate.
    public let share: Double
    /// What it is, the figure, and the remedy.
    public let description: String
  }

  /// What the call has come to, in a sentence or two.
  public let summary: String
  /// What limits it, the heaviest first; empty if nothing stands out.
  public let limits: [Limit]

  /// The summary, and each limit on a line of its own.
  public var description: String {
    ([summary] + limits.map { "· \($0)" }).joined(separator: "\n")
  }
}
