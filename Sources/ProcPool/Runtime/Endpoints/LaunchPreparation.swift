import Dispatch
import Glibc
import ProcPoolSystem
import Synchronization

/// What Foundation needs before it can start a process, and does not check for itself.
enum LaunchPreparation {
  /// The first launch has Foundation start two threads, and wait for ever if it does not get them: it is looked before
  /// whether there are any, for the worker's process too, and with one to spare.
  private static func requireThreads() throws(SystemError) {
    let isOver = DispatchSemaphore(value: 0)
    var started = 0
    defer { for _ in 0..<started { isOver.signal() } }
    for _ in 0..<4 {
      try SystemThread.start(name: "procpool-probe", stack: 1 << 16, blocksSignals: true) { isOver.wait() }
      started += 1
    }
  }

  /// Whether Foundation has its two threads, which the first launch in a program starts and which live as
  /// long as it does.
  private static let hasFoundationThreads = Mutex(false)

  /// Starts a program with the signal mask that it is to inherit: none.
  ///
  /// Only for as long as this takes, and not the first time: what Foundation's threads inherit they keep, and
  /// a signal to the process must not find one that lets it through where the program blocks it everywhere to
  /// wait for it. A worker clears its own mask, so that the first does not differ.
  static func withInheritedMask<Started>(
    _ start: () throws(WorkerStartFailure) -> Started
  ) throws(WorkerStartFailure) -> Started {
    let first = try hasFoundationThreads.withLock { (isDone) throws(WorkerStartFailure) -> Started? in
      if isDone { return nil }
      do throws(SystemError) {
        try requireThreads()
      } catch {
        throw WorkerStartFailure(
          "\(error): starting the first worker needs four free threads or processes; raise `ulimit -u` or the control "
            + "group's pids.max",
          isShortage: error.isShortage)
      }
      let started = try start()
      isDone = true
      return started
    }
    if let first { return first }
    SignalState.clearMask()
    defer { SignalState.block() }
    return try start()
  }

  /// Foundation takes some descriptors for a launch and does not look whether it got them: without this it
  /// would close the coordinator's own standard input when there are none. It takes three; the rest is for
  /// threads that open files meanwhile.
  static func reserveDescriptors() throws {
    // The program may have closed them since the pool was made, and Foundation's descriptors would become them.
    try StandardStreams.fill()
    let first = try Descriptor.open("/dev/null", O_RDONLY)
    if first.number > Self.mostDescriptors {
      throw WorkerStartFailure(
        "this process has more than \(Self.mostDescriptors) descriptors open, and no worker is started beyond that, "
          + "because the Foundation of Swift 6.3 crashes soon after; use fewer workers, or close files")
    }
    var copies: [Int32] = []
    defer { for copy in copies { _ = Descriptor(owning: copy) } }
    // With the first, eight.
    for _ in 0..<7 { copies.append(try first.duplicate().relinquish()) }
  }

  /// Swift 6.3's Foundation reads past the end of a buffer of 32 KiB when `/proc/self/fd` has more entries
  /// than that holds with one to spare: 1,353 of 24 bytes. The number of a new descriptor tells how many
  /// there are before it.
  private static let mostDescriptors: Int32 = 1300
}
