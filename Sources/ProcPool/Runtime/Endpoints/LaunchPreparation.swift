import Dispatch
import Glibc
import ProcPoolSystem
import Synchronization

/// The prerequisites of a launch that Foundation does not check itself.
enum LaunchPreparation {
  /// Checks that enough threads can be started. The first launch makes Foundation start two
  /// threads, and hangs if it does not get them. The process of the worker needs another, and one
  /// is spare.
  private static func requireThreads() throws(SystemError) {
    let isOver = DispatchSemaphore(value: 0)
    var started = 0
    defer { for _ in 0..<started { isOver.signal() } }
    for _ in 0..<4 {
      try SystemThread.start(name: "procpool-probe", stack: 1 << 16, blocksSignals: true) { isOver.wait() }
      started += 1
    }
  }

  /// Whether Foundation has its two threads, which the first launch in a program starts and which
  /// are never ended.
  private static let hasFoundationThreads = Mutex(false)

  /// Starts a program with the signal mask that it should inherit: an empty one.
  ///
  /// The mask is cleared only during the launch, and not for the first one. Foundation's threads
  /// keep the mask that they inherit, and a process-directed signal that the program blocks
  /// everywhere in order to wait for it must not be delivered to them. A worker clears its own
  /// mask, so the first one does not differ.
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

  /// Checks that there are free descriptors. Foundation uses three for a launch without checking
  /// that it got them, and would otherwise close the coordinator's standard input. The others are
  /// spare for threads that open files at the same time.
  static func reserveDescriptors() throws {
    // The program may have closed them since the creation of the pool, and Foundation's descriptors
    // would take their place.
    try StandardStreams.fill()
    let first = try Descriptor.open("/dev/null", O_RDONLY)
    if first.number > Self.mostDescriptors {
      throw WorkerStartFailure(
        "this process has more than \(Self.mostDescriptors) descriptors open, and no worker is started beyond that, "
          + "because the Foundation of Swift 6.3 crashes soon after; use fewer workers, or close files")
    }
    var copies: [Int32] = []
    defer { for copy in copies { _ = Descriptor(owning: copy) } }
    // Eight, including the first.
    for _ in 0..<7 { copies.append(try first.duplicate().relinquish()) }
  }

  /// The maximum descriptor number before a launch. Swift 6.3's Foundation reads past the end of a
  /// buffer of 32 KiB if `/proc/self/fd` has more entries than fit in it, minus one: 1,353 of 24
  /// bytes. The number of a new descriptor bounds how many there are below it.
  private static let mostDescriptors: Int32 = 1300
}
