import Foundation
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker
import Synchronization

/// Starts worker processes with Foundation's `Process`. No other file uses Foundation.
enum FoundationProcess {
  /// The result of a start.
  struct Started {
    let pid: Int32
    /// The end of the process according to Foundation, for the case that Foundation took the status
    /// before the pool could.
    let status: @Sendable () -> ProcessEnd
    /// Kills the process, if the pool cannot.
    let kill: () -> Void
  }

  /// Starts a program. The caller closes its copies of the three descriptors.
  ///
  /// - Parameters:
  ///   - environment: the environment of the program.
  ///   - mark: an additional environment variable.
  static func start(
    path: String, environment: [String: String], mark: WorkerMark, input: Int32, output: Int32, errors: Int32
  ) throws(WorkerStartFailure) -> Started {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    var variables = environment
    variables[WorkerMark.variable] = mark.value
    process.environment = variables
    // The working directory is inherited as it is. To enter it by name would need permission and a
    // name that is valid text. The way to request this is a file URL without a path: `nil` stands
    // for the name of the current directory.
    process.currentDirectoryURL = URL(string: "file:")
    process.standardInput = FileHandle(fileDescriptor: input, closeOnDealloc: false)
    process.standardOutput = FileHandle(fileDescriptor: output, closeOnDealloc: false)
    process.standardError = FileHandle(fileDescriptor: errors, closeOnDealloc: false)
    releaseEnded()
    do {
      try Descriptor.withLimit(atLeast: leastLimit) { try process.run() }
    } catch {
      throw failure(starting: path, error)
    }
    started.withLock { $0.append(process) }
    return Started(
      pid: process.processIdentifier,
      status: {
        // Foundation records the status on its own thread, shortly after it has taken it. On an
        // overloaded machine, this took a tenth of a second.
        for _ in 0..<10_000 where process.isRunning { Thread.sleep(forTimeInterval: 0.0001) }
        if process.isRunning { return .unknown }
        return process.terminationReason == .uncaughtSignal
          ? .signalled(process.terminationStatus) : .exited(status: process.terminationStatus)
      },
      kill: { if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) } })
  }

  /// The processes whose objects stay in memory until they are released explicitly: Swift 6.3's
  /// `Process` and the source that it adds to a run loop retain each other, and only
  /// `waitUntilExit` breaks the cycle.
  private static let started = Mutex<[Process]>([])

  /// Releases the processes that have ended. The last workers of a program leave some kilobytes
  /// each.
  private static func releaseEnded() {
    started.withLock { started in
      started.removeAll { process in
        // Foundation's state counts here. If a worker's children hold Foundation's socket, it
        // changes only when they have ended as well, and `waitUntilExit` would wait for them.
        if process.isRunning { return false }
        process.waitUntilExit()
        return true
      }
    }
  }

  /// The lowest supported limit on descriptors. Swift 6.3's Foundation passes descriptors up to 252
  /// to the system, which rejects those beyond the limit, open or not.
  private static let leastLimit: UInt64 = 256

  private static func failure(starting path: String, _ error: any Error) -> WorkerStartFailure {
    let code = systemCode(of: error as NSError)
    var reason = describe(error as NSError, code)
    if path.hasPrefix("/proc/"), ProcessFolder.isMissing { reason = ProcessFolder.advice }
    return WorkerStartFailure(
      "starting \(path) failed: \(reason)",
      isShortage: code.map { SystemError(call: "posix_spawn", code: $0).isShortage } ?? false)
  }

  /// The system's error code, which Foundation wraps.
  private static func systemCode(of error: NSError) -> Int32? {
    if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    return underlying?.domain == NSPOSIXErrorDomain ? underlying.map { Int32($0.code) } : nil
  }

  private static func describe(_ error: NSError, _ code: Int32?) -> String {
    if error.code == Int(EBADF), let limit = Descriptor.limit, limit < leastLimit {
      return
        "Foundation cannot start programs if fewer than \(leastLimit) descriptors are allowed, and the limit "
        + "is \(limit); raise it with `ulimit -n`"
    }
    if let code { return String(cString: strerror(code)) }
    switch error.code {
    case NSFileNoSuchFileError, NSFileReadNoSuchFileError: return "there is no such file"
    case NSFileReadNoPermissionError: return "it is not executable or not readable"
    default: return error.localizedDescription
    }
  }
}
