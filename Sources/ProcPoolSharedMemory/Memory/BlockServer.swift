import ProcPoolSystem
import Synchronization

/// Hands out descriptors of this process's blocks where other processes cannot open them through `/proc`:
/// it is not there, or hides this process, or the process is not to be looked into.
///
/// Who asks names a block by its nonce, which only handles tell. Runs from when it is first needed to the
/// end of the process.
package enum BlockServer {
  /// Where it answers, if it runs: part of every handle, since handles are made before anyone knows whether
  /// it will be needed.
  static let number = UInt64.random(in: 1 ... .max)

  private static let isRunning = Mutex(false)

  /// Starts it, unless it runs. Where that is not possible, who cannot attach says so.
  package static func start() {
    isRunning.withLock { isRunning in
      if isRunning { return }
      isRunning = (try? DescriptorSocket.serve(number, find)) != nil
    }
  }

  /// Starts it if nobody can look into this process.
  package static func startIfClosed() {
    if !DescriptorSocket.isProcessOpen { start() }
  }

  private static func find(_ nonce: UInt64, _ give: (borrowing Descriptor) -> Void) {
    // Kept until it has been sent.
    guard let block = BlockRegistry.shared.block(nonce) else { return }
    block.region.withFile(give)
  }
}
