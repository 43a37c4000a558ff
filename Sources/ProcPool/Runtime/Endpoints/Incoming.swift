import ProcPoolProtocol

/// The data received from a worker, and the state of its interpretation.
struct Incoming {
  var received = ReceiveBuffer()
  /// The length of the frame that is being read, in bytes.
  var frameLength = Preamble.size
  var hasPreamble = false
  var hasCompletedHandshake = false
  /// Whether its results pipe may hold more.
  var isOpen = true
  /// How it broke the protocol, if it did.
  var violation: String?
  /// The reason why it cannot be used, if that was found before the handshake was complete.
  var startFailure: WorkerStartFailure?
  /// The number of received frames that lend shared memory.
  var loansTaken: UInt64 = 0
  /// The position from which on finished results are lost with the worker, because they refer to
  /// its memory that it could not pass on.
  var cut: UInt64?
}
