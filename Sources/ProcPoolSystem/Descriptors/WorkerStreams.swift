import CProcPoolShims
import Glibc

/// The pipes of a worker, moved away from the standard streams.
package struct WorkerStreams: ~Copyable {
  /// Frames from the coordinator.
  package let tasks: Descriptor
  /// Frames to the coordinator.
  package let results: Descriptor
  /// The socket by which descriptors are passed to the coordinator; `nil` if there is none.
  package let passing: Descriptor?

  /// Creates streams from other pipes, for a worker on a thread.
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

  /// Takes over the descriptors that ``relinquish()`` has returned.
  package init(owning numbers: Numbers) {
    tasks = Descriptor(owning: numbers.tasks)
    results = Descriptor(owning: numbers.results)
    passing = numbers.passing.map { Descriptor(owning: $0) }
  }

  /// The descriptors as numbers, because closures cannot own noncopyable values.
  package struct Numbers: Sendable {
    package let tasks: Int32
    package let results: Int32
    package let passing: Int32?
  }

  /// Transfers the ownership of the descriptors to the caller.
  package consuming func relinquish() -> Numbers {
    let passing: Int32? =
      switch consume passing {
      case .some(let passing): passing.relinquish()
      case .none: nil
      }
    return Numbers(tasks: tasks.relinquish(), results: results.relinquish(), passing: passing)
  }

  /// Takes over the standard streams of a worker process, so that tasks can use their own. Workers
  /// call it first.
  ///
  /// - The inherited signal mask and dispositions are reset.
  /// - Standard input and output move to private descriptors. Standard input is the socket in which
  ///   the task pipe is queued, or that pipe itself if the system has no such sockets. Then
  ///   standard input becomes `/dev/null` and standard output a copy of standard error, so that a
  ///   task's output cannot corrupt the frames. The worker's own messages go to a private
  ///   descriptor, so that a task may close all three.
  /// - Every other descriptor is marked close-on-exec, so that programs that tasks start do not
  ///   inherit the pipes of the pool or Foundation's socket: the other ends would otherwise not see
  ///   them closed until such a program ends.
  package static func takeOver() throws(SystemError) -> WorkerStreams {
    #if DEBUG
      Injection.becomeWorker()
    #endif
    SignalState.clearMask()
    SignalState.restoreDefaults()
    // Numbers from 10 up avoid the single digits that shell scripts use. The streams are replaced
    // without being closed: other threads, such as those of libdispatch, may open files at any
    // time, and could get a number that is free for a moment and then overwritten.
    let input = try Descriptor.duplicate(STDIN_FILENO, atLeast: 10)
    let results = try Descriptor.duplicate(STDOUT_FILENO, atLeast: 10)
    try StandardError.keepPrivately()
    let null = try Descriptor.open("/dev/null", O_RDONLY)
    let nullNumber = null.number
    try retryingInterrupts(.dup2) { Glibc.dup2(nullNumber, STDIN_FILENO) }
    try retryingInterrupts(.dup2) { Glibc.dup2(STDERR_FILENO, STDOUT_FILENO) }
    if attempt(.closeRange, { procpool_mark_others_close_on_exec(3) }) != 0 { markEachCloseOnExec() }
    // Standard output is a pipe now, which the C library would fully buffer, so that a crash would
    // lose text.
    procpool_line_buffer_stdout()
    guard input.isSocket else { return WorkerStreams(tasks: input, results: results) }
    return WorkerStreams(tasks: try takeTasks(from: input), results: results, passing: input)
  }

  /// Takes the task pipe, which the coordinator has passed before it started the worker.
  private static func takeTasks(from socket: borrowing Descriptor) throws(SystemError) -> Descriptor {
    guard let passed = socket.takePassed(), let number = passed.numbers.first else {
      throw SystemError(call: "recvmsg of the pipe of tasks", code: EAGAIN)
    }
    // Numbered from 10 up like the others.
    return try Descriptor(owning: number).duplicate(atLeast: 10)
  }

  /// Marks descriptors one by one, for kernels before 5.11, which cannot mark a range with one
  /// call.
  private static func markEachCloseOnExec() {
    for number in 3..<Int32(clamping: min(Descriptor.limit ?? 1024, 65536)) {
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }
  }
}
