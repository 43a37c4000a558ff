/// The number of workers of a pool, and where they run.
///
///     try await withPool(workers: 8) { pool in … }                    // eight on this machine
///     try await withPool(workers: .automatic(2...16)) { pool in … }   // as many as processors, within limits
///
/// Placements can be added: `.local(4) + .local(2)` is six workers.
public struct WorkerPlacement: Hashable, Sendable {
  fileprivate enum Part: Hashable {
    /// As many workers as this process may use processors, within limits.
    case automatic(ClosedRange<Int>)
    case local(Int)
  }

  private let parts: [Part]

  fileprivate init(parts: [Part]) { self.parts = parts }

  /// How many workers there are with an allowance of as many processors.
  ///
  /// - Returns: `nil` if there are more than an `Int` can count.
  func count(processors: Int) -> Int? {
    var total = 0
    for part in parts {
      let count =
        switch part {
        case .automatic(let range): min(max(processors, range.lowerBound), range.upperBound)
        case .local(let count): count
        }
      let (sum, overflow) = total.addingReportingOverflow(count)
      if overflow { return nil }
      total = sum
    }
    return total
  }

  /// Whether the number of processors plays no part.
  var isExplicit: Bool {
    parts.allSatisfy { if case .local = $0 { true } else { false } }
  }

  /// The workers of both placements.
  public static func + (one: WorkerPlacement, other: WorkerPlacement) -> WorkerPlacement {
    WorkerPlacement(parts: one.parts + other.parts)
  }
}

extension WorkerPlacement: ExpressibleByIntegerLiteral {
  /// That many workers on this machine.
  public init(integerLiteral count: Int) {
    self.init(parts: [.local(count)])
  }
}

/// What says how many workers a pool has: an `Int`, or a ``WorkerPlacement``.
public protocol WorkerCount: Sendable {
  /// The number of workers, and where they run.
  var placement: WorkerPlacement { get }
}

extension Int: WorkerCount {
  /// That many workers on this machine.
  public var placement: WorkerPlacement { .local(self) }
}

extension WorkerPlacement: WorkerCount {
  /// The placement itself.
  public var placement: WorkerPlacement { self }
}

extension WorkerCount where Self == WorkerPlacement {
  /// As many workers on this machine as the scheduling affinity and the CPU quota of the control group allow
  /// processors; see ``PoolSizing``.
  public static var automatic: WorkerPlacement { .automatic(1...Int.max) }

  /// As many workers on this machine as there are processors to use, but at least and at most as many as `range` says.
  public static func automatic(_ range: ClosedRange<Int>) -> WorkerPlacement {
    WorkerPlacement(parts: [.automatic(range)])
  }

  /// That many workers on this machine: 1...65 536.
  public static func local(_ count: Int) -> WorkerPlacement {
    WorkerPlacement(parts: [.local(count)])
  }
}
