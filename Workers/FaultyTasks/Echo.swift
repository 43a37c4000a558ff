import Glibc
import ProcPool

/// Returns what it is given.
public struct Echo: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int { input }
}

/// Returns the bytes that it is given.
public struct EchoBytes: PoolTask {
  public init() {}
  public func run(_ input: [UInt8]) -> [UInt8] { input }
}

/// Returns the text that it is given.
public struct EchoText: PoolTask {
  public init() {}
  public func run(_ input: String) -> String { input }
}

/// Returns nothing.
public struct Discard: PoolTask {
  public init() {}
  public func run(_ input: Int) {}
}

/// Returns a value of any type, together with what the call sends along: a generic task.
public struct Label<Value: Codable & Sendable>: PoolTask {
  public var label: Value
  public init(label: Value) { self.label = label }
  public func run(_ input: Value) -> [Value] { [label, input] }
}

/// A task of two arguments.
public struct Power: PoolTask {
  public init() {}
  public func run(_ input: Arguments<Double, Int>) -> Double {
    let (base, exponent) = input.values
    return pow(base, Double(exponent))
  }
}

/// An input without any bytes.
public struct Empty: Codable, Sendable, Equatable {
  public init() {}
}

/// Returns the empty value that it is given.
public struct EchoEmpty: PoolTask {
  public init() {}
  public func run(_ input: Empty) -> Empty { input }
}

/// Appends its input as a line to a file: what it did can be seen although it returns nothing.
public struct Note: PoolTask {
  public var path: String
  public init(path: String) { self.path = path }

  public func run(_ input: Int) {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    _ = "\(input)\n".withCString { write(file, $0, strlen($0)) }
    close(file)
  }
}

/// Prints a line, which comes out on standard error.
public struct Remark: PoolTask {
  public var text: String
  public init(_ text: String) { self.text = text }
  public func run(_ input: Int) { print(text) }
}

/// Makes an output of so many bytes.
public struct Inflate: PoolTask {
  public init() {}
  public func run(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
}

/// The number of the worker's process.
public struct ProcessNumber: PoolTask {
  public init() {}
  public func run(_ input: Int) -> Int32 { getpid() }
}

/// The number of the worker's process, whatever is sent there; takes long enough for all workers to get some.
public struct FindProcess: PoolTask {
  public init() {}
  public func run(_ input: [UInt8]) -> Int32 {
    pause(milliseconds: 5)
    return getpid()
  }
}

/// Where an item ran, by the context's word.
public struct Whereabouts: Codable, Sendable, Equatable {
  public var worker: Int
  public var call: UInt32
  public var item: Int
  public var pid: Int32
}

/// Says where it runs, before and after it was suspended.
public struct FindContext: PoolTask {
  public init() {}

  public func run(_ input: Int) async -> [Whereabouts] {
    let before = here()
    await Task.yield()
    return [before, here()]
  }

  private func here() -> Whereabouts {
    let context = TaskContext.current!
    return Whereabouts(
      worker: context.worker.index, call: context.item.call, item: context.item.index, pid: getpid())
  }
}

/// Returns so many bytes, which follow from their number.
public struct MakeBytes: PoolTask {
  public init() {}
  public func run(_ count: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: count >> 4), count: count)
  }
}
