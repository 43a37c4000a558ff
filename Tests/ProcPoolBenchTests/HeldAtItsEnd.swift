import Glibc
import ProcPoolSystem
import Synchronization

import class Dispatch.DispatchSemaphore
import class Foundation.FileManager

/// A process that was sent SIGKILL and does not end until it is released, as one does that waits for a device.
///
/// A tracer holds it at its exit: `PTRACE_O_TRACEEXIT` of ptrace(2).
final class HeldAtItsEnd: Sendable {
  let pid: pid_t
  private let tracer: Tracer

  /// The thread that traces: all requests come from the thread that made the first.
  private final class Tracer: Sendable {
    let hasBegun = DispatchSemaphore(value: 0)
    /// The error of the first request; 0 if tracing is allowed.
    let failure = Atomic<Int32>(0)
    let isReleased = DispatchSemaphore(value: 0)
  }

  /// Starts it, and kills it as soon as it is traced.
  ///
  /// - Throws: if tracing is not allowed, after the process has ended.
  init(named name: String) throws {
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The kernel names a process by the file that it is started as.
    let program = folder.appendingPathComponent(name).path
    try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/bin/sleep")
    let pid = try SpawnedProgram.start(["600"], at: program, output: .closed, errors: .closed)
    let tracer = Tracer()
    (self.pid, self.tracer) = (pid, tracer)
    do {
      try SystemThread.start(name: "tracer") {
        let isTraced = Self.ptrace(Self.seize, pid, Self.stopAtExit) == 0
        if !isTraced { tracer.failure.store(errno, ordering: .relaxed) }
        kill(pid, SIGKILL)
        tracer.hasBegun.signal()
        var status: Int32 = 0
        if isTraced, waitpid(pid, &status, 0) == pid, status & 0xFF == 0x7F {
          tracer.isReleased.wait()
          _ = Self.ptrace(Self.detach, pid, 0)
        }
        waitpid(pid, &status, 0)
      }
    } catch {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw error
    }
    tracer.hasBegun.wait()
    let code = tracer.failure.load(ordering: .relaxed)
    if code != 0 { throw SystemError(call: "ptrace", code: code) }
  }

  deinit { release() }

  func release() { tracer.isReleased.signal() }

  private static let (seize, detach, stopAtExit) = (0x4206, 17, 0x40)

  private static func ptrace(_ request: Int, _ pid: pid_t, _ data: Int) -> Int {
    typealias Trace = @convention(c) (Int, Int, Int, Int) -> Int
    // By name, because it is variadic in C, which Swift does not import.
    return unsafeBitCast(dlsym(nil, "ptrace"), to: Trace.self)(request, Int(pid), 0, data)
  }
}
