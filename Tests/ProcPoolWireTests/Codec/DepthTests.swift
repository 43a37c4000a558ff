import Foundation
import ProcPoolWire
import Testing

/// Runs `body` on a thread with a stack of this size, of which it has all, and waits for it.
private func onThread<R>(stack: Int, _ body: @escaping () throws -> R) throws -> R {
  // Unchecked because this thread does nothing while the other one runs.
  nonisolated(unsafe) let body = body
  nonisolated(unsafe) var result: Result<R, any Error>?
  let isDone = DispatchSemaphore(value: 0)
  let thread = Thread {
    result = Result { try body() }
    isDone.signal()
  }
  thread.stackSize = stack
  thread.start()
  isDone.wait()
  return try result!.get()
}

/// Where deep values are made and destroyed, which takes stack for each of their levels.
private let roomy = 256 << 20

/// A message of arrays of one array, from the inside out.
private func nestedArrays(_ depth: Int) -> [UInt8] {
  // Written backwards, for each header needs the length of what it contains.
  var message: [UInt8] = [0xB0]
  for _ in 0..<depth {
    message.append(1)
    var header: [UInt8] = []
    var length = UInt64(message.count)
    while length >= 0x80 {
      header.append(UInt8(length & 0x7F) | 0x80)
      length >>= 7
    }
    header.append(UInt8(length))
    message += header.reversed()
    message.append(0xBA)
  }
  return message.reversed() + [0]
}

private func limit(_ error: any Error) -> Int? {
  let underlying: (any Error)? =
    switch error {
    case EncodingError.invalidValue(_, let context): context.underlyingError
    case DecodingError.dataCorrupted(let context): context.underlyingError
    default: error
    }
  if case .tooDeep(let limit)? = underlying as? WireError { return limit }
  return nil
}

@Suite("Values may be as deep as the stack of their thread allows", .timeLimit(.minutes(5)))
struct DepthTests {
  /// Takes two containers for each of its levels.
  private indirect enum Link: Codable, Equatable {
    case end
    case link(Link)
    static func make(_ depth: Int) -> Link { (0..<depth).reduce(.end) { link, _ in .link(link) } }
    var depth: Int {
      var (link, depth) = (self, 0)
      while case .link(let next) = link { (link, depth) = (next, depth + 1) }
      return depth
    }
  }

  private struct Tree: Codable {
    var children: [Tree]
    static func make(_ depth: Int) -> Tree {
      (0..<depth).reduce(Tree(children: [])) { tree, _ in Tree(children: [tree]) }
    }
  }

  @Test func aThousandLevelsFitTheUsualStack() throws {
    // 8 MiB, which a worker's thread has and a thread of a task too; without optimisation as well.
    try onThread(stack: 8 << 20) {
      #expect(try roundTrip(Chain.make(1000)).length == 1000)
      #expect(try roundTrip(Link.make(1000)).depth == 1000)
      #expect(try roundTrip(Box(content: Link.make(1000))).content.depth == 1000)
      _ = try roundTrip(Tree.make(1000))
    }
  }

  @Test func depthIsMeasuredOnTheThreadItself() throws {
    // Eight times as large each, because the C library may hand out a former thread's stack of up to four times the size.
    let limits = try [256 << 10, 2 << 20, 16 << 20].map { stack in
      try onThread(stack: stack) {
        let error = #expect(throws: EncodingError.self) { try bytes(Chain.make(90_000)) }
        return error.flatMap(limit) ?? 0
      }
    }
    // The C library may give a thread the stack of one that has ended, up to four times as large as was asked for.
    #expect(limits[0] > 50)
    #expect(limits == limits.sorted() && Set(limits).count == limits.count, "\(limits)")
    #expect(limits[2] > limits[0] * 8)
  }

  @Test(arguments: [256 << 10, 512 << 10, 8 << 20])
  func whatIsTooDeepToWriteIsAnErrorAndNotACrash(stack: Int) throws {
    let deep = try onThread(stack: roomy) { Self.deep }
    try onThread(stack: stack) {
      check { try bytes(deep.chain) }
      check { try bytes(deep.link) }
      check { try bytes(deep.tree) }
      check { try bytes([deep.chain]) }
      check { try bytes(["k": deep.link]) }
      check { try bytes(Box(content: deep.nest)) }
    }
    /// The error says how deep is allowed, and can be printed, though the value cannot.
    func check(_ encode: () throws -> [UInt8]) {
      let error = #expect(throws: EncodingError.self) { try encode() }
      #expect(error.flatMap(limit).map { $0 < WireLimits.maximumDepth } == true)
      #expect(
        error.map { "\($0) \(String(reflecting: $0)) \($0.localizedDescription)".utf8.count < 8000 } == true)
    }
  }

  /// Never destroyed, for the last thread that lets go of them may have a small stack.
  private nonisolated(unsafe) static let deep = (
    chain: Chain.make(90_000), link: Link.make(90_000), tree: Tree.make(90_000),
    nest: (0..<200_000).reduce(Nest(inner: [])) { nest, _ in Nest(inner: [nest]) }
  )

  @Test(arguments: [256 << 10, 512 << 10, 8 << 20])
  func whatIsTooDeepToReadIsAnErrorAndNotACrash(stack: Int) throws {
    let deep = nestedArrays(95_000)
    try onThread(stack: stack) {
      let error = #expect(throws: DecodingError.self) {
        try deep.withUnsafeBytes { try ItemCodec<Lists>.resolve().decode($0) }
      }
      #expect(error.flatMap(limit).map { $0 < 95_000 } == true)
      #expect(throws: DecodingError.self) {
        try deep.withUnsafeBytes { try ItemCodec<ListsByArray>.resolve().decode($0) }
      }
    }
  }

  @Test func whatALargeStackWritesASmallOneRefusesInWords() throws {
    let message = try onThread(stack: roomy) { try bytes(Chain.make(8000)) }
    let thrown = try onThread(stack: 256 << 10) {
      #expect(throws: DecodingError.self) {
        try message.withUnsafeBytes { try ItemCodec<Chain>.resolve().decode($0) }
      }
    }
    let error = try #require(thrown)
    guard case .dataCorrupted(let context) = error else { Issue.record("\(error)"); return }
    let depth = try #require(limit(error))
    #expect(context.debugDescription.contains("more than \(depth) levels deep"))
    #expect(context.debugDescription.contains("stack of this thread"))
    #expect(context.debugDescription.contains("two levels"))
    // A path of thousands of steps would fill a screen.
    #expect(context.codingPath.count <= 16)
    #expect("\(error)".utf8.count < 2000)
    // A thread with room reads the same message.
    #expect(
      try onThread(stack: roomy) {
        try message.withUnsafeBytes { try ItemCodec<Chain>.resolve().decode($0) }.length
      } == 8000)
  }

  @Test(arguments: [256 << 10, 8 << 20])
  func aTypeThatWritesItselfCannotNestWithoutEndEither(stack: Int) throws {
    let deep = [UInt8](repeating: 1, count: 3_000_000)
    let value = try onThread(stack: roomy) { Self.deep.nest }
    try onThread(stack: stack) {
      let error = #expect(throws: WireError.self) {
        try deep.withUnsafeBytes { try ItemCodec<Nest>.resolve().decode($0) }
      }
      #expect(error.flatMap(limit) != nil)
      #expect(throws: WireError.self) { try bytes(value) }
    }
  }

  @Test func noMessageIsDeeperThanTheLimitWhateverTheStack() throws {
    let deep = [UInt8](repeating: 1, count: 3_000_000)
    _ = try onThread(stack: 2 << 30) {
      #expect(throws: WireError.tooDeep(limit: WireLimits.maximumDepth)) {
        try deep.withUnsafeBytes { try ItemCodec<Nest>.resolve().decode($0) }
      }
    }
  }

  @Test func aTypeThatReadsItselfAgainIsStopped() throws {
    struct Again: Codable {
      init(from decoder: any Decoder) throws { self = try decoder.singleValueContainer().decode(Again.self) }
      init() {}
      func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(self)
      }
    }
    try onThread(stack: 8 << 20) {
      #expect(throws: EncodingError.self) { try bytes(Again()) }
      #expect(throws: DecodingError.self) {
        try [UInt8]([0, 0]).withUnsafeBytes { try ItemCodec<Again>.resolve().decode($0) }
      }
    }
  }

  @Test(arguments: [256 << 10, 8 << 20])
  func containersOpenedInALoopAreLimitedToo(stack: Int) throws {
    // Opening them takes no stack. Completing and releasing them does.
    let message = nestedArrays(95_000)
    try onThread(stack: stack) {
      let error = #expect(throws: EncodingError.self) {
        try WireCoding.encode(
          Written {
            var list = $0.unkeyedContainer()
            for _ in 0..<90_000 { list = list.nestedUnkeyedContainer() }
            try list.encode(1)
          })
      }
      #expect(error.flatMap(limit) != nil)
      let failure = #expect(throws: DecodingError.self) {
        try message.withUnsafeBytes { try ItemCodec<Looping>.resolve().decode($0) }
      }
      #expect(failure.flatMap(limit) != nil)
    }
  }

  /// Opens containers in containers without a call in a call.
  private struct Looping: Codable {
    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      for _ in 0..<90_000 { list = try list.nestedUnkeyedContainer() }
    }
  }

  @Test func theLevelsOfADeepValueAreNotMovedForEachOther() throws {
    try onThread(stack: roomy) {
      var writer = WireWriter()
      try ItemCodec<Chain>.resolve().encode(Chain.make(8000), into: &writer)
      // Each of the outermost 512 moves what is in it; if each of the 8000 did, it would be 3000 times the message.
      #expect(writer.moved < writer.count * 520)
    }
  }
}
