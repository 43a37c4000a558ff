import CProcPoolShims
import Glibc

/// A thread of its own, with a stack as large as a main thread's.
package enum SystemThread {
  /// 8 MiB: what `main` gets on Linux, so that recursion that works in a program works in its workers.
  package static let fullStack = 8 << 20

  /// Starts a detached thread.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H` and debuggers; the first 15 bytes count.
  ///   - stack: bytes of stack, reserved but not touched.
  ///   - blocksSignals: whether the thread starts as ``SignalState/block()`` makes it; else with what its
  ///     maker blocks.
  ///   - lost: called on the thread as its last act if it ends before `body` has returned, as it does by
  ///     `pthread_exit`.
  package static func start(
    name: String, stack: Int = fullStack, blocksSignals: Bool = false,
    lost: (@Sendable () -> Void)? = nil, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stack)
    let start = Start(name: name, blocksSignals: blocksSignals, lost: lost, body: body)
    let context = Unmanaged.passRetained(start)
    var thread = pthread_t()
    do throws(SystemError) {
      try retryingInterrupts(.makeThread) {
        negative(pthread_create(&thread, &attributes, run, context.toOpaque()))
      }
    } catch {
      context.release()
      throw error
    }
  }

  private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
    _ = start.name.withCString { procpool_name_thread($0) }
    if start.blocksSignals { SignalState.block() }
    guard start.lost != nil, let key = lostKey else {
      start.body()
      return nil
    }
    let kept = Unmanaged.passRetained(start)
    pthread_setspecific(key, kept.toOpaque())
    start.body()
    pthread_setspecific(key, nil)
    kept.release()
    return nil
  }

  /// What a thread has that is to be told of its early end: the C library calls the destructor, with what the thread
  /// has, however it ends. `nil` where the C library has no key left.
  private static let lostKey: pthread_key_t? = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key) { context in
      Unmanaged<Start>.fromOpaque(context!).takeRetainedValue().lost?()
    }
    return code == 0 ? key : nil
  }()

  private final class Start {
    let name: String
    let blocksSignals: Bool
    let lost: (@Sendable () -> Void)?
    let body: @Sendable () -> Void

    init(
      name: String, blocksSignals: Bool, lost: (@Sendable () -> Void)?, body: @escaping @Sendable () -> Void
    ) {
      self.name = name
      self.blocksSignals = blocksSignals
      self.lost = lost
      self.body = body
    }
  }
}

/// What a process inherits about signals, and how to undo it.
package enum SignalState {
  /// Unblocks every signal in the calling thread.
  package static func clearMask() { procpool_clear_signal_mask() }

  /// Blocks in the calling thread every signal that is not the thread's own fault.
  ///
  /// What is sent to the process then goes to the threads that the program means it for, those that wait for
  /// it among them (`sigwait`); and a write to a pipe without a reader is an error and nothing more.
  package static func block() { procpool_block_signals() }

  /// Has SIGHUP and SIGPIPE end this process as before, unless the reader of its results has gone: then its watchdog ends
  /// it, and what it has started. A write of results may come first, and the kernel hangs up on a process that is
  /// stopped when its parent goes. It is sent SIGCONT then.
  package static func spareForWatchdog(results: Int32) { procpool_spare_for_watchdog(results) }

  /// Gives every signal that was inherited as ignored its default disposition back.
  package static func restoreDefaults() { procpool_restore_signal_defaults() }
}
