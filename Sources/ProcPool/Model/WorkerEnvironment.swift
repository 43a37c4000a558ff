import ProcPoolSystem

/// The environment variables of a pool's workers.
public struct WorkerEnvironment: Hashable, Sendable {
  /// Whether variables of this process are passed on.
  private let isInherited: Bool
  private let changes: [String: String?]

  /// The environment of this process at the time a worker starts, byte for byte.
  public static let inherited = WorkerEnvironment(isInherited: true, changes: [:])

  /// The environment of this process with some variables changed.
  ///
  ///     .inherited(updating: ["OMP_NUM_THREADS": "1", "DISPLAY": nil])
  ///
  /// - Parameter changes: values by name; `nil` removes a variable.
  public static func inherited(updating changes: [String: String?]) -> WorkerEnvironment {
    WorkerEnvironment(isInherited: true, changes: changes)
  }

  /// Only the given variables.
  ///
  /// Programs may need variables that are otherwise inherited: `PATH` to find other programs,
  /// `LD_LIBRARY_PATH` to find Swift's libraries.
  public static func exactly(_ variables: [String: String]) -> WorkerEnvironment {
    WorkerEnvironment(isInherited: false, changes: variables)
  }

  /// The variables that are text, and other entries of the environment ("NAME=VALUE").
  ///
  /// - Throws: if a name or a value is invalid: the worker would receive a different variable.
  func resolve() throws(WorkerStartFailure) -> (text: [String: String], rest: [[UInt8]]) {
    var (text, rest) = isInherited ? ProcessEnvironment.split() : ([:], [])
    for (name, value) in changes {
      if name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) || (name + (value ?? "")).utf8.contains(0) {
        throw WorkerStartFailure(
          "the environment variable \(String(reflecting: name)) is invalid: a name must not be empty or contain `=`, "
            + "and neither a name nor a value may contain a zero byte")
      }
      text[name] = value
      rest.removeAll { $0.starts(with: (name + "=").utf8) }
    }
    return (text, rest)
  }
}
