import Foundation
import ProcPoolWire
import Testing

/// Whatever a closure writes.
struct Written: Encodable {
  let write: (any Encoder) throws -> Void
  init(_ write: @escaping (any Encoder) throws -> Void) { self.write = write }
  func encode(to encoder: any Encoder) throws { try write(encoder) }
}

struct NameKey: CodingKey, Hashable, ExpressibleByStringLiteral {
  let stringValue: String
  let intValue: Int?
  init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
  init(intValue: Int) { (stringValue, self.intValue) = (String(intValue), intValue) }
  init(stringValue: String, intValue: Int?) { (self.stringValue, self.intValue) = (stringValue, intValue) }
  init(stringLiteral value: String) { self.init(stringValue: value) }
}

/// What a message holds, by any door: objects are read in the order of their keys and backwards, which must be
/// the same.
indirect enum Content: Decodable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case null
  case number(Double)
  case text(String)
  case list([Content])
  case object([String: Content])

  init(integerLiteral value: Int) { self = .number(Double(value)) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: Content...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, Content)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }

  init(from decoder: any Decoder) throws {
    if var list = try? decoder.unkeyedContainer() {
      var elements: [Content] = []
      while !list.isAtEnd { elements.append(try list.decode(Content.self)) }
      self = .list(elements)
    } else if let fields = try? decoder.container(keyedBy: NameKey.self) {
      let keys = fields.allKeys
      #expect(Set(keys.map(\.stringValue)).count == keys.count)
      var content: [String: Content] = [:]
      for key in keys { content[key.stringValue] = try fields.decode(Content.self, forKey: key) }
      for key in keys.reversed() {
        #expect(try fields.decode(Content.self, forKey: key) == content[key.stringValue])
        #expect(try fields.decodeNil(forKey: key) == (content[key.stringValue] == .null))
      }
      self = .object(content)
    } else {
      let single = try decoder.singleValueContainer()
      if single.decodeNil() {
        self = .null
      } else if let number = try? single.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try single.decode(String.self))
      }
    }
  }
}

/// What comes of a value that `write` writes inside another.
private func content(_ write: @escaping (any Encoder) throws -> Void) throws -> Content {
  let message = try WireCoding.encode(["v": Written(write)])
  return try #require(try WireCoding.decode([String: Content].self, from: message)["v"])
}

/// Checks what comes of it.
private func expect(
  _ expected: Content, sourceLocation: SourceLocation = #_sourceLocation,
  _ write: @escaping (any Encoder) throws -> Void
) throws {
  let found = try content(write)
  #expect(found == expected, sourceLocation: sourceLocation)
}

/// The same by JSON.
private func json(_ write: @escaping (any Encoder) throws -> Void) throws -> Content {
  let message = try JSONEncoder().encode(["v": Written(write)])
  return try #require(try JSONDecoder().decode([String: Content].self, from: message)["v"])
}

private struct Bad: Encodable {
  struct Failure: Error {}
  func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    try list.encode(1)
    throw Failure()
  }
}

private struct Point: Codable { var x = 1 }

@Suite("What is written twice under one key is there once, and the last one counts")
struct WrittenTwiceTests {
  /// Checks that a value is what JSON makes of it.
  private func check(
    _ expected: Content, sourceLocation: SourceLocation = #_sourceLocation,
    _ write: @escaping (any Encoder) throws -> Void
  ) throws {
    let foundByJSON = try json(write)
    #expect(foundByJSON == expected, sourceLocation: sourceLocation)
    try expect(expected, sourceLocation: sourceLocation, write)
  }

  @Test func theLastValueOfAKeyCounts() throws {
    try check(["a": 1, "b": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(9, forKey: "a")
      try fields.encode(2, forKey: "b")
      try fields.encode(1, forKey: "a")
    }
    try check(["a": "s"]) {
      var fields = $0.container(keyedBy: NameKey.self)
      for number in 0..<100 { try fields.encode(number, forKey: "a") }
      try fields.encode("s", forKey: "a")
    }
  }

  @Test func nullAndAValueReplaceEachOther() throws {
    try check(["a": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encodeNil(forKey: "a")
      try fields.encode(1, forKey: "a")
    }
    try check(["a": .null]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      try fields.encodeNil(forKey: "a")
    }
    // Absence replaces nothing.
    try check(["a": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      try fields.encodeIfPresent(Int?.none, forKey: "a")
    }
  }

  private class Base: Encodable {
    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: NameKey.self)
      try fields.encode("base", forKey: "name")
      try fields.encode(1, forKey: "kept")
    }
  }
  private final class Derived: Base {
    override func encode(to encoder: any Encoder) throws {
      try super.encode(to: encoder)
      var fields = encoder.container(keyedBy: NameKey.self)
      try fields.encode("derived", forKey: "name")
    }
  }

  @Test func aSubclassReplacesWhatItsBaseWrote() throws {
    try check(["name": "derived", "kept": 1]) { try Derived().encode(to: $0) }
    try check([["name": "derived", "kept": 1], ["name": "base", "kept": 1]]) {
      var list = $0.unkeyedContainer()
      try list.encode(Derived())
      try list.encode(Base())
    }
  }

  @Test func twoContainersOfOneEncoderWriteOneObject() throws {
    try check(["a": 2, "b": 3]) {
      var one = $0.container(keyedBy: NameKey.self)
      var other = $0.container(keyedBy: PathKeys.self)
      try one.encode(1, forKey: "a")
      try other.encode(2, forKey: .a)
      try one.encode(3, forKey: "b")
    }
    try check([1, 2, 3]) {
      var one = $0.unkeyedContainer()
      try one.encode(1)
      var other = $0.unkeyedContainer()
      try other.encode(2)
      try one.encode(3)
      #expect(one.count == 3 && other.count == 3)
    }
  }
  private enum PathKeys: CodingKey { case a }

  @Test func manyKeysWrittenTwiceInAnyOrderAreThereOnce() throws {
    var generator = SeededGenerator(state: seed)
    for count in [3, 62, 63, 64, 65, 66, 200] {
      var expected: [String: Content] = [:]
      var writes: [(String, Int)] = []
      for _ in 0..<count * 2 {
        writes.append(("key \(Int.random(in: 0..<count, using: &generator))", writes.count))
      }
      for (key, number) in writes { expected[key] = .number(Double(number)) }
      // Twice, so that the second object finds the keys of the first in another order.
      let shuffled = writes.reversed()
      var backwards: [String: Content] = [:]
      for (key, number) in shuffled { backwards[key] = .number(Double(number)) }
      let value = try content {
        var list = $0.unkeyedContainer()
        for order in [writes, Array(shuffled)] {
          try list.encode(
            Written {
              var fields = $0.container(keyedBy: NameKey.self)
              for (key, number) in order { try fields.encode(number, forKey: NameKey(stringValue: key)) }
            })
        }
      }
      #expect(value == .list([.object(expected), .object(backwards)]), "PROCPOOL_SEED=\(seed)")
    }
  }

  @Test func aRepeatedKeyInsideAnotherValueWithTheSameKeysIsFound() throws {
    try check(["a": ["a": 5, "b": 6], "b": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      try fields.encode(2, forKey: "b")
      try fields.encode(
        Written {
          var inner = $0.container(keyedBy: NameKey.self)
          try inner.encode(4, forKey: "a")
          try inner.encode(6, forKey: "b")
          try inner.encode(5, forKey: "a")
        }, forKey: "a")
    }
  }

  // MARK: Containers

  @Test func containersUnderOneKeyComeTogether() throws {
    try check(["a": [1, 2, 3]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var one = fields.nestedUnkeyedContainer(forKey: "a")
      try one.encode(1)
      var other = fields.nestedUnkeyedContainer(forKey: "a")
      try other.encode(2)
      try one.encode(3)
    }
    try check(["a": ["x": 3, "y": 2], "b": 0]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var one = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try one.encode(1, forKey: "x")
      try fields.encode(0, forKey: "b")
      var other = fields.nestedContainer(keyedBy: PathKeys2.self, forKey: "a")
      try other.encode(2, forKey: .y)
      try other.encode(3, forKey: .x)
    }
  }
  private enum PathKeys2: CodingKey { case x, y }

  @Test func manyContainersMayBeAskedForAgain() throws {
    try check(.object(Dictionary(uniqueKeysWithValues: (0..<300).map { ("\($0)", [1, 2, 3]) }))) {
      var fields = $0.container(keyedBy: NameKey.self)
      for number in 1...3 {
        for key in 0..<300 {
          var list = fields.nestedUnkeyedContainer(forKey: NameKey(stringValue: "\(key)"))
          try list.encode(number)
        }
      }
    }
    // In turns with values that take their place.
    try check(["a": 2, "b": [3, 4]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      for number in 1...2 {
        for key: NameKey in ["a", "b"] {
          var list = fields.nestedUnkeyedContainer(forKey: key)
          try list.encode(number)
        }
        for key: NameKey in ["a", "b"] { try fields.encode(number, forKey: key) }
        if number == 2 {
          try fields.encode([3], forKey: "b")
        } else {
          try fields.encode([Int](), forKey: "a")
        }
        if number == 1 { try fields.encode([Int](), forKey: "b") }
      }
      var list = fields.nestedUnkeyedContainer(forKey: "b")
      try list.encode(4)
    }
  }

  @Test func nothingOutlivesAValueThatFailed() throws {
    weak var encoder: AnyObject?
    weak var inner: AnyObject?
    func open(_ given: any Encoder) throws -> KeyedEncodingContainer<NameKey> {
      encoder = given as AnyObject
      var fields = given.container(keyedBy: NameKey.self)
      var list = fields.nestedUnkeyedContainer(forKey: "a")
      inner = list.superEncoder() as AnyObject
      try fields.encode(1, forKey: "a")
      return fields
    }
    #expect(throws: Bad.Failure.self) {
      try WireCoding.encode(
        Written {
          var fields = try open($0)
          _ = fields.nestedContainer(keyedBy: NameKey.self, forKey: "b")
          _ = fields.nestedContainer(keyedBy: NameKey.self, forKey: "b")
          throw Bad.Failure()
        })
    }
    #expect(encoder == nil && inner == nil)
    _ = try WireCoding.encode(
      Written { _ = try open($0) })
    #expect(encoder == nil && inner == nil)
  }

  @Test func aContainerIsAddedToAValueOfItsKind() throws {
    try check(["a": ["x": 1, "y": 2]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(["x": 1], forKey: "a")
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "y")
    }
    try check(["a": ["x": 2]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(Point(), forKey: "a")
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "x")
    }
    for list: [Double] in [[1, 2], [0.5]] {
      try check(["a": .list(list.map { .number($0) } + [7])]) {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode(list, forKey: "a")
        var inner = fields.nestedUnkeyedContainer(forKey: "a")
        #expect(inner.count == list.count)
        try inner.encode(7)
      }
    }
    for list in [[1, -2], [300, 1 << 40], [Int.min]] {
      try expect(["a": .list(list.map { .number(Double($0)) } + ["end"])]) {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode(list, forKey: "a")
        var inner = fields.nestedUnkeyedContainer(forKey: "a")
        try inner.encode("end")
      }
    }
  }

  @Test func elementsOfABlockComeTogetherWithOthers() throws {
    let particle = Particle(x: 1, y: 2, charge: -3, tiny: 4)
    let message = try WireCoding.encode(
      Written {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode([particle, particle], forKey: "content")
        var inner = fields.nestedUnkeyedContainer(forKey: "content")
        try inner.encode(particle)
      })
    #expect(
      try WireCoding.decode(Box<[Particle]>.self, from: message).content == [particle, particle, particle])
    let bytes = try WireCoding.encode(
      Written {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode(Data([1, 255]), forKey: "content")
        var inner = fields.nestedUnkeyedContainer(forKey: "content")
        try inner.encode(UInt8(9))
      })
    #expect(try WireCoding.decode(Box<Data>.self, from: bytes).content == Data([1, 255, 9]))
  }

  @Test func aValueReplacesAContainerAndTheReverse() throws {
    try check(["a": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "y")
      try fields.encode(1, forKey: "a")
      try inner.encode(3, forKey: "z")
    }
    try check(["a": ["z": 1, "w": 3]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "y")
      try fields.encode(["z": 1], forKey: "a")
      var other = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try other.encode(3, forKey: "w")
    }
  }

  @Test func theLastEncoderForABaseClassCounts() throws {
    try check(["a": ["y": 2]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try ["x": 1].encode(to: fields.superEncoder(forKey: "a"))
      try ["y": 2].encode(to: fields.superEncoder(forKey: "a"))
    }
    try check(["super": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try 1.encode(to: fields.superEncoder())
      try 2.encode(to: fields.superEncoder())
    }
    try check(["a": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try 2.encode(to: fields.superEncoder(forKey: "a"))
      try fields.encode(1, forKey: "a")
    }
    try check(["a": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      try 2.encode(to: fields.superEncoder(forKey: "a"))
    }
    // One that is kept counts from its use.
    try check(["a": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      let kept = fields.superEncoder(forKey: "a")
      try fields.encode(1, forKey: "a")
      try 2.encode(to: kept)
    }
    try check(["a": ["x": 1, "y": 2]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try ["x": 1].encode(to: fields.superEncoder(forKey: "a"))
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "y")
    }
    try check(["a": ["x": 1]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      try inner.encode(2, forKey: "y")
      try ["x": 1].encode(to: fields.superEncoder(forKey: "a"))
    }
    try check(["a": [:]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      _ = fields.superEncoder(forKey: "a")
    }
  }

  @Test func aContainerIsAddedToAWholeValue() throws {
    try check(["a": 1, "x": 1]) {
      var single = $0.singleValueContainer()
      try single.encode(Point())
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
    }
    try check([7, 1]) {
      var single = $0.singleValueContainer()
      try single.encode([7])
      var list = $0.unkeyedContainer()
      try list.encode(1)
      #expect(list.count == 2)
    }
  }

  @Test func whatCannotComeTogetherIsAnErrorInWords() throws {
    // JSON traps in each of these cases.
    let mixtures: [(any Encoder) throws -> Void] = [
      {
        var fields = $0.container(keyedBy: NameKey.self)
        _ = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
        _ = fields.nestedUnkeyedContainer(forKey: "a")
      },
      {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode(1, forKey: "a")
        _ = fields.nestedUnkeyedContainer(forKey: "a")
      },
      {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encodeNil(forKey: "a")
        _ = fields.nestedContainer(keyedBy: NameKey.self, forKey: "a")
      },
      {
        _ = $0.container(keyedBy: NameKey.self)
        _ = $0.unkeyedContainer()
      },
      {
        var single = $0.singleValueContainer()
        try single.encode(1)
        _ = $0.container(keyedBy: NameKey.self)
      },
      {
        var single = $0.singleValueContainer()
        try single.encode(1)
        try single.encode(2)
      },
      {
        var fields = $0.container(keyedBy: NameKey.self)
        try fields.encode(1, forKey: "a")
        var single = $0.singleValueContainer()
        try single.encode(5)
      },
    ]
    for (number, mixture) in mixtures.enumerated() {
      let error = #expect(throws: EncodingError.self, "\(number)") { try content(mixture) }
      guard case .invalidValue(let value, let context)? = error else { continue }
      #expect(context.debugDescription.contains("different kinds, or wrote two values"))
      #expect(!"\(type(of: value)) \(context.debugDescription)".contains("EncodingNode"))
    }
  }

  @Test func nullWrittenAloneIsOneValue() throws {
    let error = #expect(throws: EncodingError.self) {
      try content {
        var single = $0.singleValueContainer()
        try single.encodeNil()
        try single.encode(2)
      }
    }
    #expect(error != nil)
  }
}

@Suite("After a value that failed another can be written or read")
struct SecondTryTests {
  @Test func aSingleValueContainerTakesASecondTry() throws {
    try expect("fallback") {
      var single = $0.singleValueContainer()
      do { try single.encode(Bad()) } catch { try single.encode("fallback") }
    }
    // Failing in the depth, several times, with another kind of value after it, and through an optional.
    try expect(["x": 1]) {
      var single = $0.singleValueContainer()
      for _ in 0..<3 { try? single.encode([["a": [Bad()]]]) }
      try? single.encode(Optional(Bad()))
      try? single.encode(Nesting(inner: Nesting(inner: nil)))
      try single.encode(["x": 1])
    }
    try expect(["a": 1]) {
      var single = $0.singleValueContainer()
      try? single.encode(Bad())
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
    }
    // At the top, and inside an encoder for a base class.
    let top = try WireCoding.encode(
      Written {
        var single = $0.singleValueContainer()
        do { try single.encode(Bad()) } catch { try single.encode("fallback") }
      })
    #expect(try WireCoding.decode(Content.self, from: top) == "fallback")
    try expect(["a": "fallback", "b": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var single = fields.superEncoder(forKey: "a").singleValueContainer()
      do { try single.encode(Bad()) } catch { try single.encode("fallback") }
      try fields.encode(1, forKey: "b")
    }
  }
  private struct Nesting: Encodable {
    let inner: [Nesting]
    init(inner: Nesting?) { self.inner = inner.map { [$0] } ?? [] }
    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "before")
      var list = fields.nestedUnkeyedContainer(forKey: "list")
      try list.encode(2)
      for value in inner { try list.encode(value) }
      if inner.isEmpty { throw Bad.Failure() }
    }
  }

  @Test func nothingIsLeftOfAnElementThatFailed() throws {
    try expect([1, 2]) {
      var list = $0.unkeyedContainer()
      try list.encode(1)
      try? list.encode(Bad())
      #expect(list.count == 1)
      try? list.encode([["a": Bad()]])
      #expect(list.count == 1)
      try list.encode(2)
    }
  }

  @Test func nothingIsLeftOfAFieldThatFailed() throws {
    try expect(["a": 2]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try? fields.encode(Bad(), forKey: "a")
      try? fields.encode([Bad()], forKey: "b")
      try fields.encode(2, forKey: "a")
    }
    // What was there before stays.
    try expect(["a": 1]) {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode(1, forKey: "a")
      try? fields.encode(Bad(), forKey: "a")
      try? fields.encodeIfPresent(Optional(Bad()), forKey: "a")
    }
    try expect(["n": ["a": 1, "c": 3]]) {
      var fields = $0.container(keyedBy: NameKey.self)
      var inner = fields.nestedContainer(keyedBy: NameKey.self, forKey: "n")
      try inner.encode(1, forKey: "a")
      try? inner.encode(Bad(), forKey: "b")
      try? fields.encode(Bad(), forKey: "n")
      try inner.encode(3, forKey: "c")
    }
  }

  @Test func aContainerThatIsDecodedTakesASecondTry() throws {
    struct Reader: Decodable {
      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: NameKey.self)
        #expect((try? fields.decode(Int.self, forKey: "text")) == nil)
        #expect(try fields.decode(String.self, forKey: "text") == "t")
        #expect((try? fields.decode([String].self, forKey: "list")) == nil)
        var list = try fields.nestedUnkeyedContainer(forKey: "list")
        #expect(throws: (any Error).self) { try list.decode(String.self) }
        #expect(throws: (any Error).self) { try list.decode([Int].self) }
        #expect(throws: (any Error).self) { try list.nestedContainer(keyedBy: NameKey.self) }
        #expect(throws: (any Error).self) { try list.nestedUnkeyedContainer() }
        #expect(list.currentIndex == 0)
        #expect(try !list.decodeNil())
        #expect(try list.decode(Int.self) == 1)
        #expect(list.currentIndex == 1)
        #expect((try? list.decode(Int.self)) == nil)
        #expect(try list.decode(String.self) == "two")
        #expect(list.isAtEnd)
        #expect(throws: (any Error).self) { try list.decode(Int.self) }
        #expect(list.currentIndex == 2)
        let single = try fields.superDecoder(forKey: "text").singleValueContainer()
        #expect((try? single.decode(Int.self)) == nil)
        #expect((try? single.decode([Int].self)) == nil)
        #expect(try single.decode(String.self) == "t")
      }
    }
    let value = Written {
      var fields = $0.container(keyedBy: NameKey.self)
      try fields.encode("t", forKey: "text")
      var list = fields.nestedUnkeyedContainer(forKey: "list")
      try list.encode(1)
      try list.encode("two")
    }
    _ = try JSONDecoder().decode(Reader.self, from: try JSONEncoder().encode(value))
    _ = try WireCoding.decode(Reader.self, from: try WireCoding.encode(value))
  }

  @Test func aTypeThatWritesItselfMayTryAgainAsOftenAsItLikes() throws {
    struct Careful: WireCodable, Codable {
      struct Failing: WireCodable, Codable {
        func encode(into writer: inout WireWriter) throws { throw Bad.Failure() }
        static func decode(from reader: inout WireReader) throws -> Failing { throw Bad.Failure() }
      }
      func encode(into writer: inout WireWriter) throws {
        let start = writer.count
        // Twice as many levels as a message may have, should each leave one open.
        for _ in 0..<60_000 {
          try? [[Failing()]].encode(into: &writer)
          writer.truncate(to: start)
        }
        try [["fallback"]].encode(into: &writer)
      }
      static func decode(from reader: inout WireReader) throws -> Careful {
        #expect(try [[String]].decode(from: &reader) == [["fallback"]])
        return Careful()
      }
    }
    _ = try roundTrip(Careful())
  }
}
