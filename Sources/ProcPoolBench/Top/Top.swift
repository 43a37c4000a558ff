import ProcPoolSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The running pools, observed from outside.
public final class Top {
  /// There is nothing to observe.
  public struct NothingThere: Error, CustomStringConvertible {
    /// The reason, as a sentence for the user.
    public let description: String
  }

  private let watcher: PoolWatcher
  private let process: Int32?

  /// - Parameter process: The process whose pools are observed; all of this user's if `nil`.
  /// - Throws: ``NothingThere`` if there is no such process, or this user may not look into it.
  public init(process: Int32?) throws(NothingThere) {
    self.process = process
    watcher = PoolWatcher(of: process)
    guard let process else { return }
    var status = stat()
    guard stat("/proc/\(process)", &status) == 0 else {
      throw NothingThere(description: "there is no process \(process); give the one that made the pool")
    }
    guard access("/proc/\(process)/fd", R_OK) == 0, !Remains.entries("/proc/\(process)/fd").isEmpty else {
      throw NothingThere(
        description: "process \(process) cannot be looked into: it is another user's, or not dumpable; "
          + "ask as that user, or as root")
    }
  }

  /// The lines of a screen, by what was seen since the last one.
  public func screen(_ style: TextStyle, height: Int?, footer: String = "") -> [String] {
    TopScreen.lines(watcher.observe(), style: style, height: height, footer: footer)
  }

  /// Two observations a fifth of a second apart, so that there are rates.
  ///
  /// - Throws: ``NothingThere`` if a process was asked for that has no pool.
  public func once(_ style: TextStyle) throws(NothingThere) -> String {
    TopScreen.lines(try observeTwice(), style: style).joined(separator: "\n") + "\n"
  }

  /// The same as JSON. `schema` is raised when a key changes its meaning or goes.
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
          "process \(process) has no pool that can be seen: none at all, or one whose workers are threads "
          + "or share no memory with it")
    }
    return pools
  }
}
