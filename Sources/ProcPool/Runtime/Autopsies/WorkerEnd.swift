import ProcPoolProtocol
import ProcPoolSystem

/// The facts about a worker's end, from which its likely cause is determined.
struct WorkerEnd {
  /// The end that the kernel or Foundation reported.
  var end = ProcessEnd.unknown
  /// The reason for its end that the worker itself noted on its page.
  var lastAct: StatusPage.LastAct?
  /// How it broke the protocol.
  var violation: String?
  /// The reason why the pool killed or abandoned it.
  var condemnation: LikelyCause?
  /// The memory limit that was exceeded, if the kernel killed it for that.
  var exhaustedMemory: LikelyCause.MemoryLimit?
  /// The peak memory of its process in bytes.
  var peakMemory: Int?
  /// The last lines that it wrote to standard error.
  var standardError = ""
}
