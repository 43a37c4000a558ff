import Foundation
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker
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
  ///   - environment: what the program is to have.
  ///   - mark: set in addition.
  static func start(
    path: String, environment: [String: String], mark: WorkerMark, input: Int32, output: Int32, errors: Int32
  ) throws(WorkerStartFailure) -> Started {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    var variables = environment
    variables[WorkerMark.variable] = mark.value
    process.environment = variables
    // This process's folder is handed down as it is: to go there by name needs a right that this process may not have,
    // and a name that is text. A file's URL without a path is the way to say so: `nil` stands for the folder's name.
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

  private static func failure(starting path: String, _ error: any Error) -> WorkerStartFailure {
    let code = systemCode(of: error as NSError)
    var reason = describe(error as NSError, code)
    if path.hasPrefix("/proc/"), ProcessFolder.isMissing { reason = ProcessFolder.advice }
    return WorkerStartFailure(
      "starting \(path) failed: \(reason)",
      isShortage: code.map { SystemError(call: "posix_spawn", code: $0).isShortage } ?? false)
  }

  /// Foundation wraps the system's reason.
  private static func systemCode(of error: NSError) -> Int32? {
    if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    return underlying?.domain == NSPOSIXErrorDomain ? underlying.map { Int32($0.code) } : nil
  }

  private static func describe(_ error: NSError, _ code: Int32?) -> String {
    if error.code == Int(EBADF), let limit = Descriptor.limit, limit < leastLimit {
      return
        "Foundation cannot start programs where fewer than \(leastLimit) descriptors are allowed, and the limit "
        + "is \(limit); raise it with `ulimit -n`"
    }
    if let code { return String(cString: strerror(code)) }
    switch error.code {
    case NSFileNoSuchFileError, NSFileReadNoSuchFileError: return "there is no such file"
    case NSFileReadNoPermissionError: return "it is not executable, or not to be read"
    default: return error.localizedDescription
    }
  }
}
