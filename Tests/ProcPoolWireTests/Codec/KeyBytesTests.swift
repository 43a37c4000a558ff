import Foundation
import ProcPoolWire
import Testing

/// Text that is equal as Swift strings and differs in its bytes: composed and decomposed, of different lengths
/// and of the same one, short and long.
private let lookalikes: [[String]] = [
  ["\u{e9}", "e\u{301}"],
  ["\u{212B}", "\u{C5}", "A\u{30A}"],
  ["q\u{323}\u{307}", "q\u{307}\u{323}"],
  ["a file whose name is long \u{e9}.txt", "a file whose name is long e\u{301}.txt"],
]

@Suite("A key arrives with the bytes that it was sent with")
struct KeyBytesTests {
  /// A dictionary whose keys are told apart by their bytes, as names of files are.
  private struct Named: Codable, Equatable {
    var fields: [([UInt8], Int)]
    init(_ names: [String]) { fields = names.enumerated().map { (Array($1.utf8), $0) } }
    static func == (a: Named, b: Named) -> Bool {
      let order = { (x: ([UInt8], Int), y: ([UInt8], Int)) in x.0.lexicographicallyPrecedes(y.0) }
      let (x, y) = (a.fields.sorted(by: order), b.fields.sorted(by: order))
      return x.map(\.0) == y.map(\.0) && x.map(\.1) == y.map(\.1)
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: NameKey.self)
      for (name, value) in fields {
        try container.encode(value, forKey: NameKey(stringValue: String(decoding: name, as: UTF8.self)))
      }
    }
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: NameKey.self)
      fields = try container.allKeys.map {
        #expect(container.contains($0))
        return (Array($0.stringValue.utf8), try container.decode(Int.self, forKey: $0))
      }
      for key in container.allKeys.reversed() {
        let value = try container.decode(Int.self, forKey: key)
        #expect(fields.contains { $0.0 == Array(key.stringValue.utf8) && $0.1 == value })
      }
    }
  }

  @Test func lookalikesAreTwoKeysOfOneObject() throws {
    for names in lookalikes {
      let value = Named(names)
      #expect(value.fields.count == names.count)
      #expect(try roundTrip(value) == value)
      // In one message, in the other order, and with names between them.
      let others = Named(names.reversed() + ["x", "y"])
      #expect(try roundTrip([value, others, value]) == [value, others, value])
    }
  }

  @Test func aCodecDoesNotRememberALookalike() throws {
    let codec = ItemCodec<Named>.resolve()
    for names in lookalikes {
      for order in [names, names.reversed()] {
        for name in order {
          var writer = WireWriter()
          try codec.encode(Named([name]), into: &writer)
          #expect(try codec.decode(writer.bytes) == Named([name]))
        }
      }
    }
  }

  @Test func manyLookalikesAreFoundByTheIndex() throws {
    let names = (0..<500).flatMap { ["\($0) \u{e9}", "\($0) e\u{301}"] }
    #expect(try roundTrip(Named(names)) == Named(names))
    #expect(try roundTrip(Named(names.shuffled())).fields.count == names.count)
  }

  @Test func aPropertyIsNotFoundUnderALookalike() throws {
    enum Composed: String, CodingKey { case a = "\u{e9}" }
    enum Decomposed: String, CodingKey { case a = "e\u{301}" }
    struct Value: Codable, Equatable {
      var composed: Int
      var decomposed: Int
      func encode(to encoder: any Encoder) throws {
        var one = encoder.container(keyedBy: Composed.self)
        try one.encode(composed, forKey: .a)
        var other = encoder.container(keyedBy: Decomposed.self)
        try other.encode(decomposed, forKey: .a)
      }
      init(_ composed: Int, _ decomposed: Int) { (self.composed, self.decomposed) = (composed, decomposed) }
      init(from decoder: any Decoder) throws {
        decomposed = try decoder.container(keyedBy: Decomposed.self).decode(Int.self, forKey: .a)
        composed = try decoder.container(keyedBy: Composed.self).decode(Int.self, forKey: .a)
      }
    }
    #expect(try roundTrip(Value(1, 2)) == Value(1, 2))
    let message = try WireCoding.encode(
      Written {
        var one = $0.container(keyedBy: Composed.self)
        try one.encode(1, forKey: .a)
      })
    #expect(throws: DecodingError.self) { try WireCoding.decode(Value.self, from: message) }
  }

  /// A key that is compared by its bytes.
  private struct FileName: Codable, Hashable, CodingKeyRepresentable {
    let bytes: [UInt8]
    init(_ name: String) { bytes = Array(name.utf8) }
    var codingKey: any CodingKey { NameKey(stringValue: String(decoding: bytes, as: UTF8.self)) }
    init?<Key: CodingKey>(codingKey: Key) { bytes = Array(codingKey.stringValue.utf8) }
  }

  @Test func dictionariesOfSuchKeysComeBack() throws {
    let names = Dictionary(uniqueKeysWithValues: lookalikes.joined().map { (FileName($0), $0) })
    let result = try roundTrip(names)
    #expect(result.count == lookalikes.joined().count)
    for (key, name) in result { #expect(Array(name.utf8) == key.bytes) }
    #expect(result.keys == names.keys || Set(result.keys) == Set(names.keys))
  }

  @Test func textKeepsItsBytesWhereverItStands() throws {
    func bytes(_ text: some Sequence<String>) -> [[UInt8]] { text.map { Array($0.utf8) } }
    for names in lookalikes {
      for name in names {
        #expect(bytes(try roundTrip([name: 1]).keys) == bytes([name]))
        #expect(bytes(try roundTrip(Set([name]))) == bytes([name]))
        #expect(bytes(try roundTrip(Box(content: Set([name]))).content) == bytes([name]))
        #expect(bytes(try roundTrip(Box(content: [name: 1])).content.keys) == bytes([name]))
        #expect(bytes(try roundTrip(Box(content: [name: Nothing()])).content.keys) == bytes([name]))
      }
      #expect(bytes(try roundTrip(Box(content: names)).content) == bytes(names))
    }
  }

  @Test func keysOfOneNameKeepTheirNumbers() throws {
    /// A key that has a number, and is found by nothing else.
    struct One: CodingKey {
      var stringValue: String { "name" }
      var intValue: Int? { 1 }
      init() {}
      init?(stringValue: String) { nil }
      init?(intValue: Int) { if intValue != 1 { return nil } }
    }
    struct Two: CodingKey {
      var stringValue: String { "name" }
      var intValue: Int? { 2 }
      init() {}
      init?(stringValue: String) { nil }
      init?(intValue: Int) { if intValue != 2 { return nil } }
    }
    struct Sender: Codable {
      var number: Int?
      init(number: Int?) { self.number = number }
      func encode(to encoder: any Encoder) throws {
        switch number {
        case 1:
          var fields = encoder.container(keyedBy: One.self)
          try fields.encode(0, forKey: One())
        case 2:
          var fields = encoder.container(keyedBy: Two.self)
          try fields.encode(0, forKey: Two())
        default:
          var fields = encoder.container(keyedBy: NameKey.self)
          try fields.encode(0, forKey: "name")
        }
      }
      init(from decoder: any Decoder) throws {
        let isOne = try !decoder.container(keyedBy: One.self).allKeys.isEmpty
        let isTwo = try !decoder.container(keyedBy: Two.self).allKeys.isEmpty
        #expect(!isOne || !isTwo)
        #expect(try decoder.container(keyedBy: NameKey.self).decode(Int.self, forKey: "name") == 0)
        number = isOne ? 1 : isTwo ? 2 : nil
      }
    }
    let codec = ItemCodec<[Sender]>.resolve()
    for numbers: [Int?] in [[nil], [1], [nil, 1, 2, nil], [2], [1, nil], [2, 2, 1, 1, nil, nil]] {
      var writer = WireWriter()
      try codec.encode(numbers.map { Sender(number: $0) }, into: &writer)
      #expect(try codec.decode(writer.bytes).map(\.number) == numbers)
    }
    // Two of them in one object are one key.
    let message = try WireCoding.encode(
      Written {
        var one = $0.container(keyedBy: One.self)
        try one.encode(1, forKey: One())
        var two = $0.container(keyedBy: Two.self)
        try two.encode(2, forKey: Two())
      })
    #expect(try WireCoding.decode(Content.self, from: message) == ["name": 2])
  }
}
