import Glibc

/// The calls to the C library whose failures are handled, by their names in errors.
///
/// Calls whose failure is harmless and cannot be handled, such as `close` and `munmap`, are not
/// included.
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

/// Makes a call. Every ``SystemCall`` is made by this function or ``attemptTransfer(_:_:)``.
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

/// Makes a call that transfers bytes, possibly fewer than requested.
///
/// - Parameter body: makes the call. It receives `true` if it must transfer a single byte, which
///   happens only in debug builds, on request of a test.
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

/// Makes a call, and repeats it while a signal interrupts it.
///
/// - Parameter object: the object of the call, for the error.
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

/// Converts the result of a call that returns 0 or an error number to that of a call that sets
/// `errno`.
@inline(__always)
func negative(_ code: Int32) -> Int32 {
  if code == 0 { return 0 }
  errno = code
  return -1
}
