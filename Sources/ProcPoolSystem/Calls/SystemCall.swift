import Glibc

/// The calls to the C library whose failure something is done about, by the names that errors have for them.
///
/// Those are not here whose failure cannot be helped and harms nothing, as that of `close` or `munmap`.
enum SystemCall: String, CaseIterable, Sendable {
  // Descriptors and pipes
  case open
  case read
  case write
  case writev
  case poll
  case dup2
  case pipe2
  case duplicate = "fcntl(F_DUPFD_CLOEXEC)"
  case getFlags = "fcntl(F_GETFL)"
  case setFlags = "fcntl(F_SETFL)"
  case setPipeSize = "fcntl(F_SETPIPE_SZ)"
  case closeRange = "close_range"
  case readlink

  // Waiting for many
  case makePoller = "epoll_create1"
  case addToPoller = "epoll_ctl(ADD)"
  case modifyInPoller = "epoll_ctl(MOD)"
  case waitForPoller = "epoll_wait"
  case makeEvent = "eventfd"
  case readEvent = "read(eventfd)"

  // Processes and threads
  case openProcess = "pidfd_open"
  case signalProcess = "pidfd_send_signal"
  case signalGroup = "pidfd_send_signal(group)"
  case exitStatus = "ioctl(PIDFD_GET_INFO)"
  case reap = "waitid"
  case makeThread = "pthread_create"
  case makeMutex = "pthread_mutex_init"
  case watchForks = "pthread_atfork"
  case limitMemory = "setrlimit(RLIMIT_DATA)"
  case limitProcessorTime = "setrlimit(RLIMIT_CPU)"
  case setNiceness = "setpriority"
  case setProcessors = "sched_setaffinity"

  // Memory
  case makeMemory = "memfd_create"
  case resize = "ftruncate"
  case allocate = "posix_fallocate"
  case seal = "fcntl(F_ADD_SEALS)"
  case map = "mmap"
  case populate = "madvise"
  case keepFromCopies = "madvise(MADV_DONTFORK)"
  case fileStatus = "fstat"
  case openOfProcess = "open(/proc)"
  case openNameless = "open(O_TMPFILE)"
  case linkat
  case rename
  case unlink
  case spaceLeft = "statvfs"

  // Sockets
  case socket
  case socketPair = "socketpair"
  case setOption = "setsockopt"
  case bind
  case listen
  case accept = "accept4"
  case connect
  case send
  case receive = "recv"
  case sendDescriptor = "sendmsg"
  case receiveDescriptor = "recvmsg"
}

/// Makes a call: every one of ``SystemCall`` goes through here, or through ``attemptTransfer(_:_:)``.
///
/// - Returns: the call's result; -1 with the reason in `errno` if it failed.
@inline(__always)
func attempt<Result: SignedInteger>(_ call: SystemCall, _ body: () -> Result) -> Result {
  #if DEBUG
    if case .failure(let code) = Injection.strike(call) {
      errno = code
      return -1
    }
  #endif
  return body()
}

/// Makes a call that moves bytes, perhaps fewer than there are.
///
/// - Parameter body: is told whether to move a single byte; never, but in a debug build where a test wants
///   that.
@inline(__always)
func attemptTransfer(_ call: SystemCall, _ body: (_ isShort: Bool) -> Int) -> Int {
  #if DEBUG
    switch Injection.strike(call) {
    case .failure(let code):
      errno = code
      return -1
    case .short: return body(true)
    case nil: break
    }
  #endif
  return body(false)
}

/// Repeats a call while a signal interrupts it: the policy for every call in this module that can be
/// interrupted.
///
/// - Parameter object: what the call is about, for the error.
/// - Returns: the call's result, never negative.
@discardableResult
@inline(__always)
func retryingInterrupts<Result: SignedInteger>(
  _ call: SystemCall, of object: @autoclosure () -> String? = nil, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = attempt(call, body)
    if result >= 0 { return result }
    if errno != EINTR { throw SystemError(call, of: object()) }
  }
}

/// The result of a call that returns an error's number, or 0, as those have it that set `errno`.
@inline(__always)
func negative(_ code: Int32) -> Int32 {
  if code == 0 { return 0 }
  errno = code
  return -1
}
