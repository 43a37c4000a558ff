import ProcPoolSystem

/// One function that a worker has entered and not left.
public struct StackFrame: Hashable, Sendable, CustomStringConvertible {
  /// The function as its source has it, if the worker's program says.
  public let function: String?
  /// The name of the program or library, if it is one's.
  public let image: String?
  /// Where it goes on, in the worker's memory.
  public let address: UInt64

  init(_ frame: StackWalk.Frame) {
    function = frame.function
    image = frame.image.map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
    address = frame.address
  }

  public var description: String {
    "\(function?.visible() ?? "0x" + String(address, radix: 16))\(image.map { " (\($0.visible()))" } ?? "")"
  }
}
