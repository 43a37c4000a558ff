import Glibc
import Testing

import class Foundation.FileManager
import struct Foundation.UUID

@testable import ProcPoolSystem

@Suite struct ProcessStates {
  /// The kernel writes the name as it is before the state: also names that look like the end of a name and a state,
  /// or whose last mark makes one character with the parenthesis that the kernel adds.
  @Test(arguments: ["sleep", "a) Z 1 (", "b)", ")\u{301}", "\u{301}"])
  func aProcessIsExitingFromItsEndUntilItsStatusIsTaken(_ name: String) throws {
    #expect(ProcessState.isExiting(getpid()) == false)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "procpool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The kernel names a process by the file that it is started as.
    let program = folder.appendingPathComponent(name).path
    try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/bin/sleep")
    var pid: Int32 = 0
    let arguments = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&pid, program, nil, nil, arguments, environ) == 0)
    #expect(ProcessState.isExiting(pid) == false)
    #expect(ProcessState.of(pid) == .other)
    kill(pid, SIGKILL)
    var end = siginfo_t()
    #expect(waitid(P_PID, id_t(pid), &end, WEXITED | WNOWAIT) == 0)
    #expect(ProcessState.isExiting(pid) == true)
    #expect(ProcessState.of(pid) == .ended)
    #expect(waitpid(pid, nil, 0) == pid)
    #expect(ProcessState.isExiting(pid) == nil)
  }
}
