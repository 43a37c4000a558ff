import Glibc
import ProcPool
import Synchronization

/// Runs the body on a thread of its own.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { context in
      Unmanaged<Start>.fromOpaque(context!).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Start(body)).toOpaque())
}

/// A thread of this process, watched from another.
struct WatchedThread: Sendable {
  private let number: String

  /// The calling thread.
  init() { number = Inspection.link("/proc/thread-self")!.split(separator: "/").last.map(String.init)! }

  /// Whether it waits for something.
  var isAsleep: Bool {
    let text = Inspection.contents("/proc/self/task/\(number)/stat") ?? ""
    return text.last { $0 == ")" } != nil
      && text[text.lastIndex(of: ")")!...].dropFirst(2).first == "S"
  }

  /// How many bytes it has read so far, from whatever.
  var bytesRead: Int {
    let lines = (Inspection.contents("/proc/self/task/\(number)/io") ?? "").split(separator: "\n")
    return lines.first { $0.hasPrefix("rchar: ") }.flatMap { Int($0.dropFirst(7)) } ?? 0
  }
}

extension Inspection {
  /// The one pipe of this process, apart from the standard streams and copies of them, that is for reading, or for
  /// writing.
  ///
  /// - Parameter access: `O_RDONLY` or `O_WRONLY`.
  static func onlyPipe(for access: Int32) -> Int32? {
    let descriptors = descriptors()
    return descriptors.first { number, target in
      number > 2 && target.hasPrefix("pipe:") && target != descriptors[STDERR_FILENO]
        && fcntl(number, F_GETFL) & O_ACCMODE == access
    }?.key
  }
}

/// How many bytes wait in a pipe.
func waitingBytes(in pipe: Int32) -> Int {
  var count: Int32 = 0
  return ioctl(pipe, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
}

/// Crashes the worker in as many threads as the input says, all at once.
///
/// When all of them run: what a thread that is still being made would do is written at `crash_guard.h`.
package struct CrashTogether: PoolTask {
  private final class Start: Sendable {
    let ready = Atomic(0)
    let isGiven = Atomic(false)
  }

  package init() {}

  package func run(_ threads: Int) -> Int {
    let start = Start()
    for _ in 0..<threads {
      startThread {
        start.ready.add(1, ordering: .releasing)
        while !start.isGiven.load(ordering: .acquiring) { sched_yield() }
        UnsafeMutablePointer<Int>(bitPattern: 8)!.pointee = 1
      }
    }
    while start.ready.load(ordering: .acquiring) < threads { pause(milliseconds: 1) }
    start.isGiven.store(true, ordering: .releasing)
    pause(milliseconds: 60_000)
    return threads
  }
}

/// Ends the main thread of its worker, and stays for so many milliseconds: as a process does that something
/// keeps from dying.
package struct LoseMainThread: PoolTask {
  package init() {}

  package func run(_ milliseconds: Int) -> Int {
    _ = systemCall
    signal(SIGUSR1) { _ in _ = systemCall(exitNumber, 0, 0, 0) }
    // To the main thread and no other: whoever else lets it through might take it first.
    _ = systemCall(signalNumber, Int(getpid()), Int(getpid()), Int(SIGUSR1))
    pause(milliseconds: milliseconds)
    return milliseconds
  }
}

/// Stops the coordinator at 0, and makes an array. At 1 it ends the main thread of its worker, with which other processes
/// can no longer open the worker's files, and then resumes the coordinator. The process stays.
package struct MakeSharedAndLoseMainThread: PoolTask {
  package var count: Int
  package init(count: Int) { self.count = count }

  package func run(_ value: Int) throws -> SharedArray<Int> {
    let coordinator = getppid()
    if value == 0 {
      kill(coordinator, SIGSTOP)
      // Its other threads run on until one of them has taken the signal.
      while !Inspection.isStoppedWhole(coordinator) { pause(milliseconds: 1) }
    } else {
      // On a thread of its own, because this one then sleeps.
      startThread {
        while Inspection.status(of: getpid())?.state != "Z" { pause(milliseconds: 1) }
        kill(coordinator, SIGCONT)
      }
      _ = LoseMainThread().run(60_000)
    }
    return try SharedArray(repeating: value, count: count)
  }
}

/// `syscall`, by name because it is variadic, which hides it from Swift.
private let systemCall = unsafeBitCast(
  dlsym(nil, "syscall"), to: (@convention(c) (Int, Int, Int, Int) -> Int).self)

// `exit` of one thread and not of its process, and `tgkill`.
#if arch(x86_64)
  private let exitNumber = 60
  private let signalNumber = 234
#else
  private let exitNumber = 93
  private let signalNumber = 131
#endif
