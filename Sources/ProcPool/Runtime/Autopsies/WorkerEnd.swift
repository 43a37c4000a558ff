import ProcPoolProtocol
import ProcPoolSystem

/// The facts of a worker's end, from which its likely cause is found.
struct WorkerEnd {
  /// The end that the kernel or Foundation reported.
  var end = ProcessEnd.unknown
  /// The end that the worker itself announced on its page.
  var lastAct: StatusPage.LastAct?
  /// How it broke the protocol.
  var violation: String?
  /// Why the pool killed it, or gave it up.
  var condemnation: LikelyCause?
  /// Whose memory ran out, if the kernel killed it for that.
  var exhaustedMemory: LikelyCause.MemoryLimit?
  /// The most memory that its process had in use at once, in bytes.
  var peakMemory: Int?
  /// The last lines that it wrote.
  var standardError = ""
}
