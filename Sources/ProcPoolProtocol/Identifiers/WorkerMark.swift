import Glibc

/// The mark by which a process recognises that it was started as a worker.
package struct WorkerMark {
  /// The environment variable that holds the mark.
  package static let variable = "PROCPOOL_WORKER"

  /// The number by which the worker's descendants are recognised.
  package let offspring: UInt64

  package init(_ offspring: UInt64) { self.offspring = offspring }

  /// The mark of this process; `nil` if the variable has a value that no pool sets.
  package static var current: WorkerMark? {
    getenv(variable).flatMap { UInt64(String(cString: $0)) }.map { WorkerMark($0) }
  }

  /// The variable's value.
  package var value: String { String(offspring) }

  package static var isPresent: Bool { getenv(variable) != nil }

  package static func remove() { unsetenv(variable) }

  /// The exit status of a program that was started as a worker and created its own pool instead of
  /// serving: `EX_CONFIG`, which programs do not exit with by chance.
  package static let forgotToServe: Int32 = 78

  /// The exit status of a worker that cannot continue and has written the reason to standard error:
  /// `EX_SOFTWARE`.
  package static let cannotServe: Int32 = 70

  /// The exit status of a worker that lacked a resource which may soon be available again:
  /// `EX_TEMPFAIL`.
  package static let metShortage: Int32 = 75

  /// The name of a worker's process for `ps` and `pgrep`. The kernel keeps 15 bytes.
  package static let processName = "procpool-worker"
}
