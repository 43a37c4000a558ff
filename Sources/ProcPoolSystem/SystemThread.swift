import CProcPoolShims
import Glibc

/// A thread of its own, with a stack as large as a main thread's.
public enum SystemThread {
  /// 8 MiB: what `main` gets on Linux, so that recursion that works in a program works in its workers.
  public static let fullStack = 8 << 20

  /// Starts a detached thread.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H` and debuggers; the first 15 bytes count.
  ///   - stack: bytes of stack, reserved but not touched.
  ///   - blocksSignals: whether the thread starts as ``SignalState/block()`` makes it; else with what its
  ///     maker blocks.
  public static func start(
    name: String, stack: Int = fullStack, blocksSignals: Bool = false,
    _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stack)
    let start = Start(name: name, blocksSignals: blocksSignals, body: body)
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
    start.body()
    return nil
  }

  private final class Start {
    let name: String
    let blocksSignals: Bool
    let body: @Sendable () -> Void

    init(name: String, blocksSignals: Bool, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.blocksSignals = blocksSignals
      self.body = body
    }
  }
}

/// What a process inherits about signals, and how to undo it.
public enum SignalState {
  /// Unblocks every signal in the calling thread.
  public static func clearMask() { procpool_clear_signal_mask() }

  /// Blocks in the calling thread every signal that is not the thread's own fault.
  ///
  /// What is sent to the process then goes to the threads that the program means it for, those that wait for
  /// it among them (`sigwait`); and a write to a pipe without a reader is an error and nothing more.
  public static func block() { procpool_block_signals() }

  /// Gives every signal that was inherited as ignored its default disposition back.
  public static func restoreDefaults() { procpool_restore_signal_defaults() }
}
