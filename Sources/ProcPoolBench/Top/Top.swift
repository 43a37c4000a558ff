import Glibc
import ProcPoolSystem

/// The running pools, observed from outside.
public final class Top {
  /// The error of observing a process that does not exist, may not be read, or has no pool.
  public struct NothingThere: Error, CustomStringConvertible {
    /// The reason, as a sentence for the user.
    public let description: String
  }

  private let watcher: PoolWatcher
  private let process: Int32?

  /// - Parameter process: The process whose pools are observed; `nil` for all processes of this
  ///   user.
  /// - Throws: ``NothingThere`` if the process does not exist, or this user may not read its
  ///   descriptors.
  public init(process: Int32?) throws(NothingThere) {
    self.process = process
    watcher = PoolWatcher(of: process)
    guard let process else { return }
    var status = stat()
    guard stat("/proc/\(process)", &status) == 0 else {
      throw NothingThere(
        description: "there is no process \(process); give the process that created the pool")
    }
    guard access("/proc/\(process)/fd", R_OK) == 0, !Remains.entries("/proc/\(process)/fd").isEmpty else {
      throw NothingThere(
        description: "process \(process) cannot be read: it belongs to another user, or is not dumpable; "
          + "run this as that user or as root")
    }
  }

  /// Returns the lines of a screen, with rates since the previous screen.
  public func screen(_ style: TextStyle, height: Int?, footer: String = "") -> [String] {
    TopScreen.lines(watcher.observe(), style: style, height: height, footer: footer)
  }

  /// Observes twice, a fifth of a second apart, and returns the text with rates.
  ///
  /// - Throws: ``NothingThere`` if the process to observe has no pool.
  public func once(_ style: TextStyle) throws(NothingThere) -> String {
    TopScreen.lines(try observeTwice(), style: style).joined(separator: "\n") + "\n"
  }

  /// Observes twice, and returns JSON. `schema` is raised when a key is removed or changes its
  /// meaning.
  public func json() throws(NothingThere) -> String {
    JSONValue.object([
      ("schema", .integer(1)), ("pools", .array(try observeTwice().map(\.json))),
    ]).text(expanded: 5) + "\n"
  }

  private func observeTwice() throws(NothingThere) -> [PoolSnapshot] {
    _ = watcher.observe()
    usleep(200_000)
    let pools = watcher.observe()
    if let process, pools.isEmpty {
      throw NothingThere(
        description:
          "process \(process) has no visible pool: it has none, or the workers are threads "
          + "or share no memory with it")
    }
    return pools
  }
}
