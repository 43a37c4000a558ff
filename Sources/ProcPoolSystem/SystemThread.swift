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
  ///   - clearsSignalMask: whether the thread starts with no signal blocked, whatever its maker blocks.
  ///     Threads that Swift concurrency makes block nearly all, and a child inherits the mask of the thread
  ///     that starts it.
  public static func start(
    name: String, stack: Int = fullStack, clearsSignalMask: Bool = false,
    _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stack)
    let start = Start(name: name, clearsSignalMask: clearsSignalMask, body: body)
    let context = Unmanaged.passRetained(start)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { context in
        let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
        _ = start.name.withCString { procpool_name_thread($0) }
        if start.clearsSignalMask { SignalState.clearMask() }
        start.body()
        return nil
      }, context.toOpaque())
    if code != 0 {
      context.release()
      throw SystemError(call: "pthread_create", code: code)
    }
  }

  private final class Start {
    let name: String
    let clearsSignalMask: Bool
    let body: @Sendable () -> Void

    init(name: String, clearsSignalMask: Bool, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.clearsSignalMask = clearsSignalMask
      self.body = body
    }
  }
}

/// What a process inherits about signals, and how to undo it.
public enum SignalState {
  /// Unblocks every signal in the calling thread.
  public static func clearMask() { procpool_clear_signal_mask() }

  /// Blocks `SIGPIPE` in the calling thread: a write to a pipe without a reader is then an error and nothing
  /// more.
  public static func blockPipeSignal() { procpool_block_pipe_signal() }

  /// Gives every signal that was inherited as ignored its default disposition back.
  public static func restoreDefaults() { procpool_restore_signal_defaults() }
}

/// Tells the processor that this thread is polling.
@inlinable
public func spinHint() { procpool_spin_hint() }
