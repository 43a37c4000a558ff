import Foundation
import ProcPoolWire
import Testing

@Suite("An optional in an optional comes back as it was, at every depth")
struct PresenceTests {
  struct Fields: Codable, Equatable {
    var two: Int??
    var three: Int???
    var list: [Int??]
    var deep: [[Int???]]
    var named: [String: Int??]
    var numbered: [Int: String??]
    var text: String??
    var maybe: Reading??
    var lists: [Int]??
    var wrapped: Wrapper<Int??>
    var wrapper: Wrapper<Int?>?
    var json: JSONLike?
    var jsons: [JSONLike?]
  }

  /// Passes its value on to a single-value container, as many property wrappers do.
  struct Wrapper<Value: Codable & Equatable>: Codable, Equatable {
    var value: Value
    init(_ value: Value) { self.value = value }
    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Value.self) }
    func encode(to encoder: any Encoder) throws {
      var single = encoder.singleValueContainer()
      try single.encode(value)
    }
  }

  /// Is null itself.
  enum JSONLike: Codable, Equatable {
    case null
    case number(Int)
    init(from decoder: any Decoder) throws {
      let single = try decoder.singleValueContainer()
      self = single.decodeNil() ? .null : .number(try single.decode(Int.self))
    }
    func encode(to encoder: any Encoder) throws {
      var single = encoder.singleValueContainer()
      switch self {
      case .null: try single.encodeNil()
      case .number(let number): try single.encode(number)
      }
    }
  }

  enum Payload: Codable, Equatable {
    case one(Int??)
    case two(Int???, named: String??)
    indirect case inner(Payload?)
  }

  private static let twos: [Int??] = [nil, .some(nil), .some(.some(5))]
  private static let threes: [Int???] = [nil, .some(nil), .some(.some(nil)), .some(.some(.some(5)))]

  @Test func everyLevelOfAPropertyComesBack() throws {
    for two in Self.twos {
      for three in Self.threes {
        let text: String?? = two.map { $0.map { "\($0)" } }
        let value = Fields(
          two: two, three: three, list: Self.twos + [two], deep: [Self.threes, [three]],
          named: ["a": two, "b": .some(nil), "c": .some(.none)], numbered: [1: text, 2: .some(nil)],
          text: text,
          maybe: two.map { $0.map { Reading(id: $0, name: "", value: 0, valid: true, note: nil) } },
          lists: two.map { $0.map { [$0] } }, wrapped: Wrapper(two), wrapper: two.map { Wrapper($0) },
          json: two.map { $0.map { .number($0) } ?? .null }, jsons: [nil, .some(.null), .number(2)])
        #expect(try roundTrip(value) == value)
        #expect(try roundTrip([value, value]) == [value, value])
      }
    }
  }

  @Test func everyLevelOfAValueOfItsOwnComesBack() throws {
    for two in Self.twos {
      #expect(try roundTrip(two) == two)
      #expect(try roundTrip([two]) == [two])
      #expect(try roundTrip(["k": two]) == ["k": two])
      let text: String?? = two.map { $0.map { "\($0)" } }
      #expect(try roundTrip(text) == text)
      #expect(try WireCoding.decode(Int??.self, from: WireCoding.encode(two)) == two)
      #expect(try WireCoding.decode([Int??].self, from: WireCoding.encode([two])) == [two])
      let reading = two.map { $0.map { Reading(id: $0, name: "", value: 0, valid: true, note: nil) } }
      #expect(try roundTrip(reading) == reading)
      #expect(try roundTrip([reading]) == [reading])
      #expect(try WireCoding.decode(Reading??.self, from: WireCoding.encode(reading)) == reading)
      #expect(try roundTrip(Wrapper(two)) == Wrapper(two))
      #expect(try roundTrip(Wrapper(Wrapper(two))) == Wrapper(Wrapper(two)))
      let wrapped = two.map { $0.map { Wrapper(Optional($0)) } ?? Wrapper(nil) }
      #expect(try roundTrip([wrapped]) == [wrapped])
    }
    for three in Self.threes {
      #expect(try roundTrip(three) == three)
      #expect(try roundTrip(Box(content: three)).content == three)
      #expect(try roundTrip(Box(content: [three])).content == [three])
    }
    for json: JSONLike? in [nil, .some(.null), .number(1)] {
      #expect(try roundTrip(json) == json)
      #expect(try roundTrip(Box(content: [json])).content == [json])
    }
  }

  @Test func everyLevelOfAPayloadComesBack() throws {
    var payloads: [Payload] = [.inner(nil), .inner(.one(.some(nil)))]
    payloads += Self.twos.map { .one($0) }
    payloads += Self.threes.map { .two($0, named: .some(nil)) }
    for payload in payloads { #expect(try roundTrip(payload) == payload) }
    #expect(try roundTrip(payloads) == payloads)
  }

  @Test func elementsKeepTheirLevelsInContainersReadByHand() throws {
    struct ByHand: Codable, Equatable {
      var values: [Int??]
      init(_ values: [Int??]) { self.values = values }
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for value in values { try list.encode(value) }
      }
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        values = []
        while !list.isAtEnd {
          // Both ways in which an optional element is read.
          if values.count % 2 == 0 {
            values.append(try list.decodeNil() ? nil : .some(try list.decode(Int?.self)))
          } else {
            values.append(try list.decodeIfPresent(Int?.self))
          }
        }
      }
    }
    let value = ByHand(Self.twos + Self.twos)
    #expect(try roundTrip(value) == value)
  }

  /// An absent key, null and a value mean three things to many programs.
  @Test func absenceNullAndAValueAreToldApartAsJSONDoes() throws {
    struct Patch: Codable, Equatable {
      enum Keys: CodingKey { case x }
      var x: Int??
      init(_ x: Int??) { self.x = x }
      func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Keys.self)
        try fields.encodeIfPresent(x, forKey: .x)
      }
      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        guard fields.contains(.x) else { x = nil; return }
        x = .some(try fields.decodeNil(forKey: .x) ? nil : try fields.decode(Int.self, forKey: .x))
        #expect(try fields.decodeIfPresent(Int.self, forKey: .x) == x!)
        #expect(try fields.decode(Int?.self, forKey: .x) == x!)
      }
    }
    for x in Self.twos {
      #expect(try roundTrip(Patch(x)) == Patch(x))
      #expect(try JSONDecoder().decode(Patch.self, from: JSONEncoder().encode(Patch(x))) == Patch(x))
    }
  }

  @Test func explicitNullsAreReadAsAbsent() throws {
    struct Explicit: Encodable {
      var x: Int?
      func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: NameKey.self)
        try fields.encode(x, forKey: "content")
      }
    }
    #expect(try WireCoding.decode(Box<Int?>.self, from: WireCoding.encode(Explicit(x: nil))).content == nil)
    #expect(try WireCoding.decode(Box<Int?>.self, from: WireCoding.encode(Explicit(x: 3))).content == 3)
    #expect(try WireCoding.decode(Box<Int??>.self, from: WireCoding.encode(Explicit(x: 3))).content == 3)
  }

  @Test func aTypeOfFewerLevelsReadsNothing() throws {
    struct Two: Encodable { var content: [Int??] }
    let message = try WireCoding.encode(Two(content: [1, .some(nil), nil]))
    #expect(try WireCoding.decode(Box<[Int?]>.self, from: message).content == [1, nil, nil])
    #expect(throws: DecodingError.self) { try WireCoding.decode(Box<[Int]>.self, from: message) }
  }

  @Test func aMarkBeforeAnythingButNullIsRefused() throws {
    for message: [UInt8] in [
      [0xBF, 0], [0xBF, 5, 0], [0xC0, 0xC0, 0xB0, 0], [0xBF, 0xC0, 0xB0, 0], [0xC0, 0],
      [UInt8](repeating: 0xBF, count: 50_000) + [0],
    ] {
      #expect(throws: (any Error).self) {
        try message.withUnsafeBytes { try ItemCodec<Reading??>.resolve().decode($0) }
      }
    }
    // As deep as it likes, which is deeper than the type.
    let deep = [UInt8](repeating: 0xBF, count: 50_000) + [0xB0, 0]
    let value = try deep.withUnsafeBytes { try ItemCodec<Reading??>.resolve().decode($0) }
    #expect(value == .some(nil))
  }
}
