import ProcPoolSystem

/// The task stream of a worker before its start.
struct TaskStream: ~Copyable {
  /// The descriptor that becomes the worker's standard input.
  let input: Descriptor
  /// The descriptor that the coordinator keeps: see `relinquishToCoordinator`.
  let tasks: Descriptor
  let reading: Descriptor?
  let passing: Descriptor?

  /// Creates the stream for a pipe. The far end of a socket pair becomes standard input. The read
  /// end of the pipe is queued in it, and the worker passes descriptors back through it. If the
  /// system cannot create a pair or pass descriptors, the pipe itself becomes standard input, and
  /// the coordinator opens the worker's files through `/proc`, or requests them from the worker.
  init(_ pipe: consuming Pipe) throws(SystemError) {
    let sockets = Self.sockets(passing: pipe.reading)
    let far = if let sockets { sockets.far } else { try pipe.reading.duplicate().relinquish() }
    let input = Descriptor(owning: far)
    let passing = sockets.map { Descriptor(owning: $0.near) }
    let ends = try pipe.relinquishToCoordinator()
    self.input = input
    self.passing = passing
    tasks = Descriptor(owning: ends.tasks)
    reading = ends.reading.map { Descriptor(owning: $0) }
  }

  private static func sockets(passing tasks: borrowing Descriptor) -> (near: Int32, far: Int32)? {
    do throws(SystemError) {
      let sockets = try SocketPair()
      return sockets.near.pass([tasks.number]) == .passed ? sockets.relinquish() : nil
    } catch {
      return nil
    }
  }

  /// Closes the descriptors that the worker has by now: with a copy left here, its death would not
  /// end the stream.
  consuming func relinquish() -> (tasks: Int32, reading: Int32?, passing: Int32?) {
    (tasks.relinquish(), Self.number(of: reading), Self.number(of: passing))
  }

  private static func number(of descriptor: consuming Descriptor?) -> Int32? {
    switch consume descriptor {
    case .some(let descriptor): descriptor.relinquish()
    case .none: nil
    }
  }
}

extension Pipe {
  /// Returns the descriptors that the coordinator keeps of a task pipe: one for both ends, or one
  /// for each.
  consuming func relinquishToCoordinator() throws(SystemError) -> (tasks: Int32, reading: Int32?) {
    if let both = try? openBothEnds().relinquish() { return (both, nil) }
    try writing.setNonBlocking()
    let ends = relinquish()
    return (ends.writing, ends.reading)
  }
}
