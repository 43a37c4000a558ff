import Glibc
import Testing

@testable import ProcPoolSystem

@Suite struct ProcessStates {
  @Test func aProcessIsExitingFromItsEndUntilItsStatusIsTaken() throws {
    #expect(ProcessState.isExiting(getpid()) == false)
    var pid: Int32 = 0
    let arguments = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawnp(&pid, "sleep", nil, nil, arguments, environ) == 0)
    #expect(ProcessState.isExiting(pid) == false)
    kill(pid, SIGKILL)
    var end = siginfo_t()
    #expect(waitid(P_PID, id_t(pid), &end, WEXITED | WNOWAIT) == 0)
    #expect(ProcessState.isExiting(pid) == true)
    #expect(waitpid(pid, nil, 0) == pid)
    #expect(ProcessState.isExiting(pid) == nil)
  }
}
