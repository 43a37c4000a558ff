import Glibc
import ProcPoolSystem
import Synchronization

import class Dispatch.DispatchSemaphore
import class Foundation.FileManager
import struct Foundation.UUID

/// A process that was sent SIGKILL and does not end until it is released, as one does that waits for a device.
///
/// A tracer holds it at its exit: `PTRACE_O_TRACEEXIT` of ptrace(2).
final class HeldAtItsEnd: Sendable {
  let pid: pid_t
  private let state: State

  /// Shared with the thread that traces, because requests come from the thread that has begun.
  private final class State: Sendable {
    let hasFailed = Atomic(false)
    let isReleased = DispatchSemaphore(value: 0)
  }

  /// Whether tracing is not allowed; the process has ended then.
  var hasFailed: Bool { state.hasFailed.load(ordering: .acquiring) }

  /// Starts it, and kills it as soon as it is traced.
  init(named name: String) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("procpool-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The kernel names a process by the file that it is started as.
    let program = folder.appendingPathComponent(name).path
    try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/bin/sleep")
    let pid = try SpawnedProgram.start(["600"], at: program, output: .closed, errors: .closed)
    let state = State()
    (self.pid, self.state) = (pid, state)
    do {
      try SystemThread.start(name: "tracer") {
        let mayTrace = Self.ptrace(Self.seize, pid, Self.stopAtExit) == 0
        if !mayTrace { state.hasFailed.store(true, ordering: .releasing) }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        if mayTrace, waitpid(pid, &status, 0) == pid, status & 0xFF == 0x7F {
          state.isReleased.wait()
          _ = Self.ptrace(Self.detach, pid, 0)
        }
        waitpid(pid, &status, 0)
      }
    } catch {
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      throw error
    }
  }

  deinit { release() }

  func release() { state.isReleased.signal() }

  // Of <sys/ptrace.h>: Swift does not import a function with a variable number of arguments.
  private static let (seize, detach, stopAtExit) = (Int32(0x4206), Int32(17), 0x40)

  private static func ptrace(_ request: Int32, _ pid: pid_t, _ data: Int) -> Int {
    typealias Function = @convention(c) (Int32, pid_t, Int, Int) -> Int
    guard let symbol = dlsym(nil, "ptrace") else { return -1 }
    return unsafeBitCast(symbol, to: Function.self)(request, pid, 0, data)
  }
}
