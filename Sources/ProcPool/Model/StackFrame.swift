import ProcPoolSystem

/// A frame of the call stack of a worker's serving thread.
public struct StackFrame: Hashable, Sendable, Encodable, CustomStringConvertible {
  /// The demangled name of the function; `nil` if the worker's program has no symbol for it.
  public let function: String?
  /// The file name of the program or library; `nil` if the address belongs to none.
  public let image: String?
  /// The address of the current instruction, or of the return address in callers, in the worker's
  /// memory.
  public let address: UInt64

  init(_ frame: StackWalk.Frame) {
    function = frame.function
    image = frame.image.map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
    address = frame.address
  }

  /// The function, or the address if it has no name, and the image.
  public var description: String {
    "\(function?.visible() ?? "0x" + String(address, radix: 16))\(image.map { " (\($0.visible()))" } ?? "")"
  }
}
