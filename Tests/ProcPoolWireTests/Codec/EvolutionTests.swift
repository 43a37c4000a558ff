import Foundation
import ProcPoolWire
import Testing

private func convert<A: Encodable, B: Decodable>(_ value: A, to _: B.Type) throws -> B {
  try WireCoding.decode(B.self, from: WireCoding.encode(value))
}

@Suite("A value can be read as another type that asks for the same keys")
struct EvolutionTests {
  struct Old: Codable, Equatable { var a: Int, b: [String: Int], c: String }
  struct Reordered: Codable, Equatable { var c: String, a: Int }
  struct New: Codable, Equatable { var a: Int, extra: Int? }

  @Test func unknownKeysAreSkipped() throws {
    #expect(try convert(Old(a: 1, b: ["x": 2], c: "c"), to: New.self) == New(a: 1, extra: nil))
    #expect(try convert(Everything.sample, to: Lonely.self).u8 == 255)
  }
  struct Lonely: Codable { var u8: UInt8 }

  @Test func keysAreFoundInAnyOrder() throws {
    let old = Old(a: 1, b: [:], c: "see")
    #expect(try convert(old, to: Reordered.self) == Reordered(c: "see", a: 1))
    #expect(
      try convert([old, old], to: [Reordered].self) == Array(repeating: Reordered(c: "see", a: 1), count: 2))
  }

  @Test func numbersConvertWhereNothingIsLost() throws {
    #expect(try convert(Box(content: 5), to: Box<UInt8>.self).content == 5)
    #expect(try convert(Box(content: 5), to: Box<Double>.self).content == 5)
    #expect(try convert(Box(content: 5.0), to: Box<Int>.self).content == 5)
    #expect(try convert(Box(content: [1, 2, 300]), to: Box<[UInt16]>.self).content == [1, 2, 300])
    #expect(try convert(Box(content: [1, 2]), to: Box<[Double]>.self).content == [1, 2])
    #expect(try convert(Box(content: Float(0.5)), to: Box<Double>.self).content == 0.5)
  }

  @Test func numbersThatDoNotFitAreErrors() throws {
    #expect(throws: DecodingError.self) { try convert(Box(content: 256), to: Box<UInt8>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: -1), to: Box<UInt>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: 1.5), to: Box<Int>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: 1e300), to: Box<Float>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: [1, 300]), to: Box<[UInt8]>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: Int128.max), to: Box<Int>.self) }
    #expect(throws: DecodingError.self) { try convert(Box(content: UInt64.max), to: Box<Double>.self) }
  }

  @Test func blocksCanBeReadElementByElement() throws {
    struct OneByOne: Decodable {
      var numbers: [Int] = []
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        #expect(list.count == 3)
        while !list.isAtEnd { numbers.append(try list.decode(Int.self)) }
      }
    }
    #expect(try convert(Box(content: [1, -2, 3]), to: BoxOf<OneByOne>.self).content.numbers == [1, -2, 3])
  }
  struct BoxOf<Content: Decodable>: Decodable { var content: Content }

  @Test func bytesAreTheSameHoweverTheyAreWritten() throws {
    struct OneByOne: Codable, Equatable {
      var bytes: [UInt8]
      init(_ bytes: [UInt8]) { self.bytes = bytes }
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(contentsOf: bytes)
      }
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        bytes = []
        while !list.isAtEnd { bytes.append(try list.decode(UInt8.self)) }
      }
    }
    let bytes: [UInt8] = [1, 127, 128, 255]
    #expect(try convert(Box(content: OneByOne(bytes)), to: Box<Data>.self).content == Data(bytes))
    #expect(try convert(Box(content: Data(bytes)), to: Box<OneByOne>.self).content.bytes == bytes)
    #expect(try convert(Box(content: bytes), to: Box<Data>.self).content == Data(bytes))
    #expect(try convert(Data(bytes), to: OneByOne.self).bytes == bytes)
  }

  @Test func dictionariesCanBeReadAsStructures() throws {
    struct Pair: Codable, Equatable { var x: Int, y: Int }
    #expect(
      try convert(Box(content: ["y": 2, "x": 1, "z": 3]), to: Box<Pair>.self).content == Pair(x: 1, y: 2))
    #expect(
      try convert(Box(content: Pair(x: 1, y: 2)), to: Box<[String: Int]>.self).content == ["x": 1, "y": 2])
  }

  @Test func dynamicAndNumericKeysComeBack() throws {
    struct Key: CodingKey {
      var stringValue: String
      var intValue: Int?
      init(stringValue: String) { self.stringValue = stringValue }
      init(intValue: Int) { (stringValue, self.intValue) = ("#\(intValue)", intValue) }
    }
    struct Dynamic: Codable, Equatable {
      var values: [String: Int]
      init(_ values: [String: Int]) { self.values = values }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in values { try container.encode(value, forKey: Key(stringValue: name)) }
        try container.encode(99, forKey: Key(intValue: 99))
      }
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        #expect(container.contains(Key(intValue: 99)) && !container.contains(Key(stringValue: "absent")))
        values = [:]
        // In another order than they were written in.
        for key in container.allKeys.sorted(by: { $0.stringValue > $1.stringValue })
        where key.stringValue != "#99" {
          values[key.stringValue] = try container.decode(Int.self, forKey: key)
        }
      }
    }
    let many = Dictionary(uniqueKeysWithValues: (0..<2000).map { ("key \($0)", $0) })
    #expect(try roundTrip(Dynamic(many)) == Dynamic(many))
    #expect(try roundTrip(Dynamic(["": 1])) == Dynamic(["": 1]))
  }

  @Test func manyFieldsNeedAnIndexAndGetOne() throws {
    let many = Dictionary(uniqueKeysWithValues: (0..<30_000).map { ("key \($0)", $0) })
    struct Backwards: Decodable {
      var sum = 0
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys.reversed() { sum += try container.decode(Int.self, forKey: key) }
      }
    }
    struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    #expect(try convert(Box(content: many), to: BoxOf<Backwards>.self).content.sum == 30_000 * 29_999 / 2)
  }
}

@Suite("Errors say where they happened")
struct ErrorPathTests {
  struct Outer: Codable { var list: [[String: Inner]] }
  struct Inner: Codable { var number: Int }
  struct TextInner: Codable { var number: String }
  struct TextOuter: Codable { var list: [[String: TextInner]] }

  private func path(_ error: any Error) -> [String] {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.keyNotFound(_, let context), DecodingError.dataCorrupted(let context):
      context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    case EncodingError.invalidValue(_, let context):
      context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    default: ["not a coding error"]
    }
  }

  @Test func aMismatchNamesEveryStepToIt() throws {
    let value = TextOuter(list: [[:], ["k": TextInner(number: "x")]])
    let message = try WireCoding.encode(value)
    let error = #expect(throws: DecodingError.self) { try WireCoding.decode(Outer.self, from: message) }
    #expect(path(try #require(error)) == ["list", "1", "k", "number"])
    guard case .typeMismatch(let type, let context)? = error else { Issue.record("\(error as Any)"); return }
    #expect(ObjectIdentifier(type) == ObjectIdentifier(Int.self))
    #expect(context.debugDescription == "A value of type Int was expected, but a string was found.")
  }

  @Test func aMissingKeyNamesItsContainer() throws {
    let message = try WireCoding.encode(["list": [["k": Nothing()]]] as [String: [[String: Nothing]]])
    let error = #expect(throws: DecodingError.self) { try WireCoding.decode(Outer.self, from: message) }
    guard case .keyNotFound(let key, _)? = error else { Issue.record("\(error as Any)"); return }
    #expect(key.stringValue == "number")
    #expect(path(error!) == ["list", "0", "k"])
  }

  @Test func aValueThatCannotBeEncodedNamesItsPath() throws {
    struct Bad: Encodable {
      func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(0, .init(codingPath: encoder.codingPath, debugDescription: "no"))
      }
    }
    struct Holder: Encodable { var list: [[String: Bad]] }
    let error = #expect(throws: EncodingError.self) {
      try WireCoding.encode(Holder(list: [[:], ["k": Bad()]]))
    }
    #expect(path(try #require(error)) == ["list", "1", "k"])
  }

  @Test func nestedContainersHaveTheirPath() throws {
    struct Watcher: Encodable {
      enum Keys: String, CodingKey { case a, b }
      func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: Keys.self)
        var list = outer.nestedUnkeyedContainer(forKey: .a)
        try list.encode(1)
        let inner = list.nestedContainer(keyedBy: Keys.self)
        #expect(inner.codingPath.map(\.stringValue) == ["a", "Index 1"])
        #expect(outer.superEncoder().codingPath.map(\.stringValue) == ["super"])
      }
    }
    _ = try WireCoding.encode(Watcher())
  }

  @Test func aFieldThatFailsCanBeLeftOut() throws {
    struct Failing: Encodable {
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(1)
        throw WireError.malformed("on purpose", offset: 0)
      }
    }
    struct Careful: Encodable {
      enum Keys: String, CodingKey { case a, b }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try? container.encode(Failing(), forKey: .a)
        try container.encode(2, forKey: .b)
      }
    }
    let message = try WireCoding.encode(Careful())
    struct Result: Decodable { var a: Int?, b: Int }
    let result = try WireCoding.decode(Result.self, from: message)
    #expect(result.a == nil && result.b == 2)
  }

  @Test func twoKindsOfContainerAreAnErrorAndNoTrap() throws {
    struct Confused: Encodable {
      enum Keys: String, CodingKey { case a }
      func encode(to encoder: any Encoder) throws {
        var keyed = encoder.container(keyedBy: Keys.self)
        try keyed.encode(1, forKey: .a)
        _ = encoder.unkeyedContainer()
      }
    }
    #expect(throws: EncodingError.self) { try WireCoding.encode(Confused()) }
    #expect(throws: EncodingError.self) { try WireCoding.encode([Confused()]) }
  }

  @Test func aFailedMessageLeavesTheWriterAsItWas() throws {
    struct Failing: Codable {
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode("half")
        throw WireError.malformed("on purpose", offset: 0)
      }
    }
    var writer = WireWriter()
    writer.writeFixed(UInt32(1))
    #expect(throws: WireError.self) { try ItemCodec<[Failing]>.resolve().encode([Failing()], into: &writer) }
    #expect(writer.count == 4)
  }
}
