import Dispatch
import Glibc

/// Runs what is meant for the main actor, on the main thread, for ever.
///
/// As a run loop does it, and not by `dispatchMain()`: that ends the main thread and leaves the queue to threads of the
/// dispatch library's own, so that a process which gets no further thread waits for one for ever; and the end of the
/// main thread takes a program ten milliseconds that has all its libraries linked statically.
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
