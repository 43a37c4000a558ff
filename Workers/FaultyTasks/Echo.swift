import Glibc
import ProcPool

/// Returns what it is given.
package struct Echo: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int { input }
}

/// Returns the bytes that it is given.
package struct EchoBytes: PoolTask {
  package init() {}
  package func run(_ input: [UInt8]) -> [UInt8] { input }
}

/// Returns the text that it is given.
package struct EchoText: PoolTask {
  package init() {}
  package func run(_ input: String) -> String { input }
}

/// Returns nothing.
package struct Discard: PoolTask {
  package init() {}
  package func run(_ input: Int) {}
}

/// Returns a value of any type, together with what the call sends along: a generic task.
package struct Label<Value: Codable & Sendable>: PoolTask {
  package var label: Value
  package init(label: Value) { self.label = label }
  package func run(_ input: Value) -> [Value] { [label, input] }
}

/// A task of two arguments.
package struct Power: PoolTask {
  package init() {}
  package func run(_ input: Arguments<Double, Int>) -> Double {
    let (base, exponent) = input.values
    return pow(base, Double(exponent))
  }
}

/// An input without any bytes.
package struct Empty: Codable, Sendable, Equatable {
  package init() {}
}

/// Returns the empty value that it is given.
package struct EchoEmpty: PoolTask {
  package init() {}
  package func run(_ input: Empty) -> Empty { input }
}

/// Appends its input as a line to a file: what it did can be seen although it returns nothing.
package struct Note: PoolTask {
  package var path: String
  package init(path: String) { self.path = path }

  package func run(_ input: Int) {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    _ = "\(input)\n".withCString { write(file, $0, strlen($0)) }
    close(file)
  }
}

/// Prints a line, which comes out on standard error.
package struct Remark: PoolTask {
  package var text: String
  package init(_ text: String) { self.text = text }
  package func run(_ input: Int) { print(text) }
}

/// Makes an output of so many bytes.
package struct Inflate: PoolTask {
  package init() {}
  package func run(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
}

/// The number of the worker's process.
package struct ProcessNumber: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int32 { getpid() }
}

/// The number of the worker's process, whatever is sent there; takes long enough for all workers to get some.
package struct FindProcess: PoolTask {
  package init() {}
  package func run(_ input: [UInt8]) -> Int32 {
    pause(milliseconds: 5)
    return getpid()
  }
}

/// Where an item ran, by the context's word.
package struct Whereabouts: Codable, Sendable, Equatable {
  package var worker: Int
  package var call: UInt32
  package var item: Int
  package var pid: Int32
}

/// Says where it runs, before and after it was suspended.
package struct FindContext: PoolTask {
  package init() {}

  package func run(_ input: Int) async -> [Whereabouts] {
    let before = here()
    await Task.yield()
    return [before, here()]
  }

  private func here() -> Whereabouts {
    let context = TaskContext.current!
    return Whereabouts(
      worker: context.worker.index, call: context.item.call.number, item: context.item.index, pid: getpid())
  }
}

/// Returns so many bytes, which follow from their number.
package struct MakeBytes: PoolTask {
  package init() {}
  package func run(_ count: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: count >> 4), count: count)
  }
}
