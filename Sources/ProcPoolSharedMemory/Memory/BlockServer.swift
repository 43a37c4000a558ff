import ProcPoolSystem
import Synchronization

/// Passes descriptors of this process's blocks to processes that cannot open them through `/proc`,
/// because it is not mounted, hides this process, or denies access.
///
/// A request names a block by its nonce, which only handles contain. The server runs from its first
/// use to the end of the process.
package enum BlockServer {
  /// The number in the name of the server's socket. It is part of every handle, because handles are
  /// created before it is known whether the server will be needed.
  static let number = UInt64.random(in: 1 ... .max)

  private static let isRunning = Mutex(false)

  /// Starts the server unless it is running. If that fails, processes that cannot attach report it.
  package static func start() {
    isRunning.withLock { isRunning in
      if isRunning { return }
      isRunning = (try? DescriptorSocket.serve(number, find)) != nil
    }
  }

  /// Starts the server if other processes cannot open descriptors of this one.
  package static func startIfClosed() {
    if !DescriptorSocket.isProcessOpen { start() }
  }

  private static func find(_ nonce: UInt64, _ give: (borrowing Descriptor) -> Void) {
    // The reference keeps the block until the descriptor has been sent.
    guard let block = BlockRegistry.shared.block(nonce) else { return }
    block.region.withFile(give)
  }
}
