import CProcPoolShims
import Glibc

/// The pipes of a worker, taken off the standard streams.
package struct WorkerStreams: ~Copyable {
  /// Frames from the coordinator.
  package let tasks: Descriptor
  /// Frames to the coordinator.
  package let results: Descriptor
  /// The socket by which descriptors are passed to the coordinator; `nil` if there is none.
  package let passing: Descriptor?

  /// For pipes that are not standard streams: a worker on threads.
  package init(tasks: consuming Descriptor, results: consuming Descriptor) {
    self.init(tasks: tasks, results: results, passing: nil)
  }

  private init(
    tasks: consuming Descriptor, results: consuming Descriptor, passing: consuming Descriptor?
  ) {
    self.tasks = tasks
    self.results = results
    self.passing = passing
  }

  /// For what ``relinquish()`` gave.
  package init(owning numbers: Numbers) {
    tasks = Descriptor(owning: numbers.tasks)
    results = Descriptor(owning: numbers.results)
    passing = numbers.passing.map { Descriptor(owning: $0) }
  }

  /// Descriptors as numbers: closures cannot own what cannot be copied.
  package struct Numbers: Sendable {
    package let tasks: Int32
    package let results: Int32
    package let passing: Int32?
  }

  /// Takes the streams apart. The numbers are the caller's to own.
  package consuming func relinquish() -> Numbers {
    let passing: Int32? =
      switch consume passing {
      case .some(let passing): passing.relinquish()
      case .none: nil
      }
    return Numbers(tasks: tasks.relinquish(), results: results.relinquish(), passing: passing)
  }

  /// A worker's first act: makes the process one in which a task can do as it likes.
  ///
  /// - The signal mask and the dispositions that were inherited are undone.
  /// - Standard input and output move to private descriptors. Standard input is the socket in which the task pipe
  ///   is queued, or that pipe itself if the system has no such sockets. Then standard input becomes `/dev/null`
  ///   and standard output a copy of standard error, so that a task's output cannot corrupt the frames. The
  ///   worker's own messages go to a private descriptor, so that a task may close all three.
  /// - Every other descriptor is marked close-on-exec, so that a program that a task starts holds neither a
  ///   pipe of the pool nor Foundation's socket: their ends would otherwise stay unseen until that program
  ///   ends.
  package static func takeOver() throws(SystemError) -> WorkerStreams {
    #if DEBUG
      Injection.becomeWorker()
    #endif
    SignalState.clearMask()
    SignalState.restoreDefaults()
    // Numbers from 10 up keep clear of the single digits that shell scripts use by number. The streams are
    // replaced without ever being closed: the program's other threads, the dispatch library's among them,
    // open files whenever they like, and one of them could land on a number that is free for a moment, to be
    // overwritten in the next.
    let input = try Descriptor.duplicate(STDIN_FILENO, atLeast: 10)
    let results = try Descriptor.duplicate(STDOUT_FILENO, atLeast: 10)
    try StandardError.keepPrivately()
    let null = try Descriptor.open("/dev/null", O_RDONLY)
    let nullNumber = null.number
    try retryingInterrupts(.dup2) { Glibc.dup2(nullNumber, STDIN_FILENO) }
    try retryingInterrupts(.dup2) { Glibc.dup2(STDERR_FILENO, STDOUT_FILENO) }
    if attempt(.closeRange, { procpool_mark_others_close_on_exec(3) }) != 0 { markEachCloseOnExec() }
    // Standard output is a pipe now, and C would hold back what a task prints until a crash loses it.
    procpool_line_buffer_stdout()
    guard input.isSocket else { return WorkerStreams(tasks: input, results: results) }
    return WorkerStreams(tasks: try takeTasks(from: input), results: results, passing: input)
  }

  /// The coordinator passes the pipe before it starts the worker: it is there.
  private static func takeTasks(from socket: borrowing Descriptor) throws(SystemError) -> Descriptor {
    guard let passed = socket.takePassed(), let number = passed.numbers.first else {
      throw SystemError(call: "recvmsg of the pipe of tasks", code: EAGAIN)
    }
    // As the others, which were duplicated to be so.
    return try Descriptor(owning: number).duplicate(atLeast: 10)
  }

  /// For kernels before 5.11, which cannot mark a range of descriptors with one call.
  private static func markEachCloseOnExec() {
    for number in 3..<Int32(clamping: min(Descriptor.limit ?? 1024, 65536)) {
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }
  }
}
