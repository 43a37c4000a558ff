import CProcPoolShims
import Glibc

/// Threads with a stack as large as that of a main thread.
package enum SystemThread {
  /// 8 MiB, the stack of a main thread on Linux, so that recursion that works in a program works in
  /// its workers.
  package static let fullStack = 8 << 20

  /// Starts a detached thread.
  ///
  /// - Parameters:
  ///   - name: the name in `top -H` and debuggers, of which the kernel keeps 15 bytes.
  ///   - stack: the size of the stack in bytes, which is reserved but not touched.
  ///   - blocksSignals: whether signals are blocked in the thread as by ``SignalState/block()``;
  ///     otherwise it inherits the mask.
  ///   - lost: called at the end of the thread if it ends before `body` has returned, for example
  ///     by `pthread_exit`.
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

  /// The key of the thread-specific value whose destructor the C library calls when the thread ends
  /// early; `nil` if no key is available.
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

/// Signal masks and dispositions, some of which a process inherits.
package enum SignalState {
  /// Unblocks every signal in the calling thread.
  package static func clearMask() { procpool_clear_signal_mask() }

  /// Blocks all signals in the calling thread, except for those that the thread itself causes.
  ///
  /// Signals to the process are then delivered to other threads of the program, including those
  /// that wait for them (`sigwait`), and a write to a pipe without a reader is only an error.
  package static func block() { procpool_block_signals() }

  /// Lets SIGHUP and SIGPIPE end this process as usual, unless the reader of its results is gone:
  /// then the watchdog ends the process and its offspring. The signals could otherwise arrive
  /// before the watchdog acts, by a write of results, or by the kernel, which sends SIGHUP and
  /// SIGCONT to a stopped process when its parent ends.
  package static func spareForWatchdog(results: Int32) { procpool_spare_for_watchdog(results) }

  /// Restores the default disposition of every signal that was inherited as ignored.
  package static func restoreDefaults() { procpool_restore_signal_defaults() }
}
