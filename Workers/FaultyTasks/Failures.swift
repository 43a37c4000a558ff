import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolWire

/// An error that can travel.
package struct Misfit: Error, Codable, Equatable {
  package var value: Int
  package init(value: Int) { self.value = value }
}

/// An error that cannot.
package struct Mishap: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Throws at some items, and returns the others.
package struct ThrowAt: PoolTask {
  package var items: Set<Int>
  package var isCodable: Bool
  package init(_ items: Set<Int>, isCodable: Bool = true) {
    self.items = items
    self.isCodable = isCodable
  }

  package func run(_ input: Int) throws -> Int {
    guard items.contains(input) else { return input }
    if isCodable { throw Misfit(value: input) }
    throw Mishap("no use for \(input)")
  }
}

/// Throws at some items, and returns nothing for the others.
package struct RejectAt: PoolTask {
  package var items: Set<Int>
  package init(_ items: Set<Int>) { self.items = items }

  package func run(_ input: Int) throws {
    if items.contains(input) { throw Misfit(value: input) }
  }
}

/// A way to end a process.
package enum Death: Codable, Sendable, Equatable {
  case signal(Int32)
  case trap
  case exit(Int32)
  /// Without a last word: nothing that was to happen at the end does.
  case exitAtOnce(Int32)
  case overflow

  func perform() {
    switch self {
    case .signal(let number):
      kill(getpid(), number)
      pause(milliseconds: 10_000)
    case .trap: fatalError("the task has had enough")
    case .exit(let status): Glibc.exit(status)
    case .exitAtOnce(let status): _exit(status)
    case .overflow: _ = Recurse().run(.max)
    }
  }
}

/// Ends the worker at some items, after writing lines to standard error; returns the others.
package struct DieAt: PoolTask {
  package var items: Set<Int>
  package var death: Death
  package var lines: [String]
  package init(_ items: Set<Int>, by death: Death = .signal(SIGKILL), saying lines: [String] = []) {
    self.items = items
    self.death = death
    self.lines = lines
  }

  package func run(_ input: Int) -> Int {
    if items.contains(input) {
      for line in lines { writeLine(line) }
      death.perform()
    }
    return input
  }
}

/// What a worker may do to its pipes that breaks the protocol.
package enum Lie: String, Codable, Sendable, CaseIterable {
  /// Closes them all.
  case silence
  /// Writes what is no frame.
  case rubbish
  /// Answers more items than it has.
  case tooMany
  /// Answers an item of a call that does not exist.
  case unknownCall
  /// Gives fewer outputs than it says.
  case tooShort
  /// Reports a failure in bytes that are no report.
  case malformedReport
  /// Says a second time that it is there.
  case secondGreeting
  /// Lends shared memory with bytes that are no handle.
  case malformedLoan
}

/// Breaks the protocol at an item.
package struct BreakPipes: PoolTask {
  package var item: Int
  package var lie: Lie
  package init(at item: Int, by lie: Lie) {
    self.item = item
    self.lie = lie
  }

  package func run(_ input: Int) -> Int {
    guard input == item else { return input }
    let bytes = bytes(for: TaskContext.current!.item)
    for (number, target) in Inspection.descriptors() where number > 2 && target.hasPrefix("pipe:") {
      // Those that are for reading refuse it.
      if lie == .silence { close(number) } else { _ = write(number, bytes, bytes.count) }
    }
    pause(milliseconds: 20_000)
    return input
  }

  private func bytes(for item: ItemID) -> [UInt8] {
    func frame(_ kind: FrameKind, call: CallID, count: Int, body: Int) -> [UInt8] {
      let header = FrameHeader(
        kind, call: call, count: UInt32(count), first: UInt64(item.index), bodyLength: body)
      return [UInt8](unsafeUninitializedCapacity: header.frameLength) { memory, count in
        memory.initialize(repeating: 0)
        header.store(to: memory.baseAddress!)
        count = header.frameLength
      }
    }
    // An `Int` is eight bytes.
    return switch lie {
    case .silence: []
    case .rubbish: [UInt8](repeating: 0xEE, count: 64)
    case .tooMany: frame(.results, call: item.call, count: 1000, body: 8000)
    case .unknownCall: frame(.results, call: CallID(item.call.number + 1), count: 1, body: 8)
    case .tooShort: frame(.results, call: item.call, count: 2, body: 8)
    case .malformedReport: frame(.failure, call: item.call, count: 1, body: 3)
    case .secondGreeting: frame(.greeting, call: 0, count: 0, body: 16)
    case .malformedLoan: frame(.lend, call: item.call, count: 1, body: 64)
    }
  }
}

/// Fails at one end of its journey, if told to, or kills whoever decodes it.
package struct Fragile: Codable, Sendable, Equatable {
  package enum Weakness: String, Codable, Sendable { case none, encoding, decoding, deadly }
  package var weakness: Weakness
  package var value: Int
  package init(_ value: Int, _ weakness: Weakness = .none) {
    self.value = value
    self.weakness = weakness
  }

  private enum CodingKeys: CodingKey { case weakness, value }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    weakness = try container.decode(Weakness.self, forKey: .weakness)
    value = try container.decode(Int.self, forKey: .value)
    if weakness == .deadly { Death.signal(SIGKILL).perform() }
    if weakness == .decoding {
      throw DecodingError.dataCorruptedError(
        forKey: .value, in: container, debugDescription: "broken on arrival")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if weakness == .encoding {
      throw EncodingError.invalidValue(
        value, .init(codingPath: [CodingKeys.value], debugDescription: "broken at home"))
    }
    try container.encode(weakness, forKey: .weakness)
    try container.encode(value, forKey: .value)
  }
}

/// Takes what may fail on its way, and returns its number.
package struct Receive: PoolTask {
  package init() {}
  package func run(_ input: Fragile) -> Int { input.value }
}

/// Returns, at one item, what fails on its way.
package struct Return: PoolTask {
  package var item: Int
  package var weakness: Fragile.Weakness
  package init(at item: Int, _ weakness: Fragile.Weakness) {
    self.item = item
    self.weakness = weakness
  }
  package func run(_ input: Int) -> Fragile { Fragile(input, input == item ? weakness : .none) }
}

/// A task whose own value fails on its way.
package struct FragileTask: PoolTask {
  package var load: Fragile
  package init(_ load: Fragile) { self.load = load }
  package func run(_ input: Int) -> Int { input }
}

/// Writes a line to standard error with one call.
package func writeLine(_ line: String) {
  _ = (line + "\n").withCString { write(2, $0, strlen($0)) }
}

/// Notes each item in a file, and kills its worker at one of them.
package struct NoteAndDie: PoolTask {
  package var path: String
  package var item: Int
  package init(path: String, item: Int) {
    self.path = path
    self.item = item
  }

  package func run(_ input: Int) -> Int {
    Note(path: path).run(input)
    if input == item { Death.signal(SIGKILL).perform() }
    return input
  }
}

/// Writes so many bytes to standard error.
package struct Flood: PoolTask {
  package var bytes: Int
  package init(bytes: Int) { self.bytes = bytes }

  package func run(_ input: Int) -> Int {
    for _ in 0..<bytes / 64 { writeLine(String(repeating: "x", count: 63)) }
    return input
  }
}
