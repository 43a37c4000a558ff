import Dispatch
import Glibc

/// Runs what is meant for the main actor, on the main thread, for ever.
///
/// The main thread drains the queue itself, as a run loop does. `dispatchMain()` would end the main thread and hand the
/// queue to threads of libdispatch, and a process that cannot create one would hang. Ending the main thread also costs
/// a statically linked program 10 ms.
package struct MainQueue {
  /// Readable when the main queue has something to do; negative if there is no such thing.
  private let descriptor = mainQueueDescriptor()

  /// To be called before there is a thread that could ask for the main actor.
  package init() {}

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

// What run loops wait for beside their own sources, and what they call then: the dispatch library exports both for them,
// and no header declares them.
@_silgen_name("_dispatch_get_main_queue_handle_4CF") private func mainQueueDescriptor() -> Int32
@_silgen_name("_dispatch_main_queue_callback_4CF") private func runMainQueue(
  _ message: UnsafeMutableRawPointer?)
