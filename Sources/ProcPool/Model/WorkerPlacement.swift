/// The number of workers of a pool, and where they run.
///
///     try await withPool(workers: 8) { pool in … }                    // eight on this machine
///     try await withPool(workers: .automatic(2...16)) { pool in … }   // as many as processors, within limits
///
/// Placements can be added: `.local(4) + .local(2)` means six workers.
public struct WorkerPlacement: Hashable, Sendable {
  fileprivate enum Part: Hashable {
    /// One worker for each processor that this process may use, within limits.
    case automatic(ClosedRange<Int>)
    case local(Int)
  }

  private let parts: [Part]

  fileprivate init(parts: [Part]) { self.parts = parts }

  /// The number of workers if the process may use `processors` processors.
  ///
  /// - Returns: `nil` if the sum overflows an `Int`.
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

  /// Whether the number of workers does not depend on the number of processors.
  var isExplicit: Bool {
    parts.allSatisfy { if case .local = $0 { true } else { false } }
  }

  /// The workers of both placements.
  public static func + (one: WorkerPlacement, other: WorkerPlacement) -> WorkerPlacement {
    WorkerPlacement(parts: one.parts + other.parts)
  }
}

extension WorkerPlacement: ExpressibleByIntegerLiteral {
  /// Places the given number of workers on this machine.
  public init(integerLiteral count: Int) {
    self.init(parts: [.local(count)])
  }
}

/// A type that specifies the number of workers of a pool: `Int`, or ``WorkerPlacement``.
public protocol WorkerCount: Sendable {
  /// The number of workers, and the place where they run.
  var placement: WorkerPlacement { get }
}

extension Int: WorkerCount {
  /// The given number of workers on this machine.
  public var placement: WorkerPlacement { .local(self) }
}

extension WorkerPlacement: WorkerCount {
  /// The placement itself.
  public var placement: WorkerPlacement { self }
}

extension WorkerCount where Self == WorkerPlacement {
  /// One worker on this machine for each processor that the scheduling affinity and the CPU quota
  /// of the control group allow; see ``PoolSizing``.
  public static var automatic: WorkerPlacement { .automatic(1...Int.max) }

  /// One worker on this machine for each available processor, clamped to `range`.
  public static func automatic(_ range: ClosedRange<Int>) -> WorkerPlacement {
    WorkerPlacement(parts: [.automatic(range)])
  }

  /// The given number of workers on this machine: 1...65 536.
  public static func local(_ count: Int) -> WorkerPlacement {
    WorkerPlacement(parts: [.local(count)])
  }
}
