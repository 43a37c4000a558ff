import ProcPoolProtocol

/// What a worker has sent, and how far it has been understood.
struct Incoming {
  var received = ReceiveBuffer()
  /// Bytes of the frame that is being read.
  var frameLength = Preamble.size
  var hasPreamble = false
  var hasGreeted = false
  /// Whether its results pipe may hold more.
  var isOpen = true
  /// How it broke the protocol, if it did.
  var violation: String?
  /// Why it cannot be used, if it was found out before it had greeted.
  var startFailure: WorkerStartFailure?
  /// How many frames have come that lend shared memory.
  var loansTaken: UInt64 = 0
  /// From this position on, finished results are lost with the worker: they refer to memory that it had and could not
  /// pass on.
  var cut: UInt64?
}
