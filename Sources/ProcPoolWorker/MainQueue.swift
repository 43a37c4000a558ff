import Dispatch
import Glibc

/// Runs the main actor's queue on the main thread, until the process ends.
///
/// The main thread drains the queue itself, as a run loop does. `dispatchMain()` would end the main
/// thread and pass the queue to threads of libdispatch, and a process that cannot create one would
/// hang. Ending the main thread also costs a statically linked program 10 ms.
package struct MainQueue {
  /// Readable while the main queue has work; negative if libdispatch provides no descriptor.
  private let descriptor = mainQueueDescriptor()

  /// Call it before any thread exists that could use the main actor.
  package init() {}

  /// Runs the queue, and never returns.
  package func run() -> Never {
    guard descriptor >= 0 else { dispatchMain() }
    while true {
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wanted, 1, -1) > 0 else { continue }
      var count: UInt64 = 0
      _ = read(descriptor, &count, 8)
      runMainQueue(nil)
    }
  }
}

// The descriptor that run loops wait for in addition to their own sources, and the function that
// they then call. libdispatch exports both for run loops; no header declares them.
@_silgen_name("_dispatch_get_main_queue_handle_4CF") private func mainQueueDescriptor() -> Int32
@_silgen_name("_dispatch_main_queue_callback_4CF") private func runMainQueue(
  _ message: UnsafeMutableRawPointer?)
