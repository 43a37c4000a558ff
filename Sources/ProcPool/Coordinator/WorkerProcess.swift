import Foundation
import ProcPoolSystem
import Synchronization

/// Starts worker processes with Foundation's `Process`. The one place that knows Foundation.
enum WorkerProcess {
  /// What `run` gave.
  struct Started {
    let pid: Int32
    /// How it ended, by Foundation's word: for when Foundation has taken the status before the pool could.
    let status: @Sendable () -> ProcessEnd
    /// Kills it, where the pool cannot.
    let kill: () -> Void
  }

  /// Starts a program. The caller closes its copies of the three descriptors.
  ///
  /// - Parameters:
  ///   - environment: what the program is to have; `nil` for what this process has.
  ///   - mark: a variable that is set in addition.
  static func start(
    path: String, environment: [String: String]?, mark: String, input: Int32, output: Int32, errors: Int32
  ) throws(WorkerStartFailure) -> Started {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    var variables = environment ?? ProcessInfo.processInfo.environment
    variables[mark] = "1"
    process.environment = variables
    process.standardInput = FileHandle(fileDescriptor: input, closeOnDealloc: false)
    process.standardOutput = FileHandle(fileDescriptor: output, closeOnDealloc: false)
    process.standardError = FileHandle(fileDescriptor: errors, closeOnDealloc: false)
    releaseEnded()
    do {
      try Descriptor.withLimit(atLeast: leastLimit) { try process.run() }
    } catch {
      throw WorkerStartFailure("starting \(path) failed: \(describe(error))")
    }
    started.withLock { $0.append(process) }
    return Started(
      pid: process.processIdentifier,
      status: {
        // Foundation notes the status on a thread of its own, an instant after it has taken it; on a machine
        // that has too much to do, that has been a tenth of a second.
        for _ in 0..<10_000 where process.isRunning { Thread.sleep(forTimeInterval: 0.0001) }
        if process.isRunning { return .unknown }
        return process.terminationReason == .uncaughtSignal
          ? .signalled(process.terminationStatus) : .exited(status: process.terminationStatus)
      },
      kill: { if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) } })
  }

  /// The processes that stay in memory until they are told to go: Swift 6.3's `Process` and the source that
  /// it adds to a run loop hold each other, and only `waitUntilExit` parts them.
  private static let started = Mutex<[Process]>([])

  /// Lets go of the processes that have ended. What is left of a program's last workers is some kilobytes
  /// each.
  private static func releaseEnded() {
    started.withLock { started in
      started.removeAll { process in
        // It is Foundation's word that counts. Where a worker's children hold Foundation's socket, that comes
        // when they have ended, too, and waiting earlier would be waiting for them.
        if process.isRunning { return false }
        process.waitUntilExit()
        return true
      }
    }
  }

  /// Swift 6.3's Foundation names descriptors up to 252 to the system, which refuses those beyond the limit,
  /// open or not.
  private static let leastLimit: UInt64 = 256

  /// Foundation wraps the system's reason; that is what helps.
  private static func describe(_ error: any Error) -> String {
    let error = error as NSError
    if error.code == Int(EBADF), let limit = Descriptor.limit, limit < leastLimit {
      return
        "Foundation cannot start programs where fewer than \(leastLimit) descriptors are allowed, and the limit "
        + "is \(limit); raise it with `ulimit -n`"
    }
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      underlying.domain == NSPOSIXErrorDomain
    {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
    switch error.code {
    case NSFileNoSuchFileError, NSFileReadNoSuchFileError: return "there is no such file"
    case NSFileReadNoPermissionError: return "it is not executable, or not to be read"
    default: return error.localizedDescription
    }
  }
}
