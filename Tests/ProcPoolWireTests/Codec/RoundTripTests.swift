import Foundation
import ProcPoolWire
import Testing

@Suite("What is encoded comes back equal")
struct RoundTripTests {
  @Test func aStructureOfEverythingComesBack() throws {
    #expect(try roundTrip(Everything.sample) == Everything.sample)
  }

  @Test func aSecondMessageOfTheSameCodecComesBackToo() throws {
    let codec = ItemCodec<[Reading]>.resolve()
    for round in 0..<4 {
      let value = (0..<round * 3).map {
        Reading(id: $0, name: "n", value: 1, valid: true, note: $0 % 2 == 0 ? "note" : nil)
      }
      var writer = WireWriter()
      try codec.encode(value, into: &writer)
      #expect(try codec.decode(writer.bytes) == value)
    }
  }

  @Test func aValueMayEncodeAnotherMessageWhileItIsEncoded() throws {
    let nested = Nested(text: "a", rest: [Nested(text: "b", rest: []), Nested(text: "c", rest: [])])
    for _ in 0..<3 {
      let message = try WireCoding.encode(nested)
      #expect(try WireCoding.decode(Nested.self, from: message) == nested)
    }
  }

  @Test func messagesOfManyThreadsAndTypesDoNotMixUp() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<12 {
        group.addTask {
          for round in 0..<300 {
            // What fails in between leaves nothing behind.
            if round % 7 == number % 7 {
              #expect(throws: (any Error).self) { try WireCoding.encode(Failing(name: "x")) }
              #expect(throws: (any Error).self) { try WireCoding.decode(Everything.self, from: [1, 2, 3]) }
            }
            let nested = Nested(text: "\(number)", rest: [Nested(text: "\(round)", rest: [])])
            let message = try WireCoding.encode(nested)
            #expect(try WireCoding.decode(Nested.self, from: message) == nested)
            let reading = Reading(id: round, name: "\(number)", value: 1, valid: true, note: nil)
            let other = try WireCoding.encode(reading)
            #expect(try WireCoding.decode(Reading.self, from: other) == reading)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Holds messages instead of values.
  private struct Nested: Codable, Equatable {
    enum Keys: CodingKey { case text, rest }
    var text: String
    var rest: [Nested]

    init(text: String, rest: [Nested]) { (self.text, self.rest) = (text, rest) }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(text, forKey: .text)
      try container.encode(rest.map { try WireCoding.encode($0) }, forKey: .rest)
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      text = try container.decode(String.self, forKey: .text)
      rest = try container.decode([[UInt8]].self, forKey: .rest).map {
        try WireCoding.decode(Nested.self, from: $0)
      }
    }
  }

  private struct Failing: Encodable {
    let name: String
    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      try container.encode(name)
      throw WireError.malformed("on purpose", offset: 0)
    }
  }

  @Test func messagesDecodeInAnyOrder() throws {
    let codec = ItemCodec<Shape>.resolve()
    let shapes: [Shape] = [
      .circle(radius: 1), .point, .group(.point, .circle(radius: 2)), .polygon([], closed: false),
    ]
    let messages = try shapes.map { shape in
      var writer = WireWriter()
      try codec.encode(shape, into: &writer)
      return Array(writer.bytes)
    }
    for i in shapes.indices.reversed() {
      #expect(try messages[i].withUnsafeBytes { try codec.decode($0) } == shapes[i])
    }
  }

  @Test func enumerationsWithPayloadsComeBack() throws {
    let shapes: [Shape] = [
      .point, .circle(radius: .pi), .polygon([1, 2, 3], closed: true), .group(.point, .point),
    ]
    #expect(try roundTrip(shapes) == shapes)
    for shape in shapes { #expect(try roundTrip(shape) == shape) }
  }

  @Test func classesShareTheirBasesContainer() throws {
    let bird = try roundTrip(Bird(wings: 4))
    #expect(bird.wings == 4 && bird.name == "bird")
  }

  @Test(arguments: [true, false]) func superEncodersKeepTheirBaseApart(named: Bool) throws {
    let fish = try roundTrip(Fish(fins: 6, named: named))
    #expect(fish.fins == 6 && fish.name == "fish" && fish.named == named)
  }

  @Test func containersMayBeWrittenInTurns() throws {
    let value = Interleaved(first: [1, 200, -3], second: ["a": 1, "b": 2], plain: 9)
    #expect(try roundTrip(value) == value)
    #expect(try roundTrip([value, value]) == [value, value])
  }

  @Test func superEncodersOfUnkeyedContainersComeBack() throws {
    struct Pair: Codable, Equatable {
      var a: Level, b: Int
      init(a: Level, b: Int) { (self.a, self.b) = (a, b) }
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try a.encode(to: list.superEncoder())
        var inner = list.nestedUnkeyedContainer()
        try inner.encode(b)
        try list.encodeNil()
      }
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        a = try Level(from: list.superDecoder())
        var inner = try list.nestedUnkeyedContainer()
        b = try inner.decode(Int.self)
        #expect(try list.decodeNil())
        #expect(list.isAtEnd)
      }
    }
    #expect(try roundTrip(Pair(a: .high, b: 300)) == Pair(a: .high, b: 300))
  }

  @Test func foundationsTypesComeBack() throws {
    struct Foundations: Codable, Equatable {
      var date = Date(timeIntervalSinceReferenceDate: 1.25)
      var data = Data([1, 2, 255])
      var url = URL(string: "https://example.org/a?b")!
      var uuid = UUID()
      var decimal = Decimal(string: "1234567890.0123456789")!
      var components = DateComponents(year: 2024, month: 2)
    }
    let value = Foundations()
    #expect(try roundTrip(value) == value)
    #expect(try roundTrip(Data([7])) == Data([7]))
    #expect(try roundTrip([Data(), Data([7])]) == [Data(), Data([7])])
  }

  @Test func typesThatWriteThemselvesComeBackInsideOthers() throws {
    let quick = Quick(mass: 2, name: "q")
    let particle = Particle(x: 1, y: 2, charge: -3, tiny: 4)
    let value = Mixed(
      quick: quick, quicks: [quick, quick], particles: [particle, particle], payload: Data([1, 2, 3]))
    #expect(try roundTrip(value) == value)
    #expect(try roundTrip(particle) == particle)
    #expect(try roundTrip([particle]) == [particle])
    #expect(try roundTrip(["a": [quick]]) == ["a": [quick]])
  }

  @Test func emptyThingsComeBack() throws {
    #expect(try roundTrip(Nothing()) == Nothing())
    #expect(try roundTrip([Nothing(), Nothing()]).count == 2)
    #expect(try roundTrip([Int]()) == [])
    #expect(try roundTrip("") == "")
    #expect(try roundTrip([String: Reading]()).isEmpty)
    #expect(try roundTrip(Int?.none) == nil)
    #expect(try roundTrip(Reading?.none) == nil)
    #expect(try roundTrip(Int??.some(nil)) == .some(nil))
  }

  @Test func emptyArraysOfStructuresComeBackWhereverTheyStand() throws {
    #expect(try roundTrip(Box(content: [Particle]())).content.isEmpty)
    #expect(try roundTrip(Box(content: [SIMD16<Double>]())).content.isEmpty)
    #expect(try roundTrip([[Particle](), []]) == [[], []])
    let value = Mixed(quick: Quick(mass: 1, name: ""), quicks: [], particles: [], payload: Data())
    #expect(try roundTrip(value) == value)
  }

  @Test func floatingPointNumbersKeepTheirBits() throws {
    for bits: UInt64 in [0x7FF0_0000_0000_0001, 0xFFF8_0000_0000_0000, 0x8000_0000_0000_0000, 1] {
      let value = Double(bitPattern: bits)
      #expect(try roundTrip(["a": value])["a"]?.bitPattern == bits)
      struct Holder: Codable { var d: Double, f: Float, list: [Double?] }
      let holder = try roundTrip(
        Holder(d: value, f: Float(bitPattern: 0x7FA0_0001), list: [value]))
      #expect(holder.d.bitPattern == bits && holder.f.bitPattern == 0x7FA0_0001)
      #expect(holder.list[0]?.bitPattern == bits)
    }
  }

  @Test func everyWidthOfIntegerArrayComesBack() throws {
    let arrays: [[Int]] = [
      [], [0], [127, -128], [128], [-129], [32767, -32768], [32768], [1 << 31], [-(1 << 31)], [.max, .min],
      Array(repeating: 1, count: 5000) + [.max], Array(repeating: -1, count: 3000),
    ]
    for array in arrays {
      #expect(try roundTrip(array) == array)
      #expect(try roundTrip([array]) == [array])
      #expect(
        try roundTrip(["k": array.map { UInt64(bitPattern: Int64($0)) }])["k"]?.map {
          Int(truncatingIfNeeded: $0)
        } == array)
      struct Box: Codable, Equatable { var ints: [Int], words: [UInt], longs: ContiguousArray<Int64> }
      let box = Box(
        ints: array, words: array.map { UInt(bitPattern: $0) },
        longs: ContiguousArray(array.map { Int64($0) }))
      #expect(try roundTrip(box) == box)
    }
  }

  @Test func vectorsRangesAndDurationsComeBack() throws {
    let vectors = [SIMD3<Float>(1, 2, 3), SIMD3(4, 5, 6)]
    #expect(try roundTrip(vectors) == vectors)
    #expect(try roundTrip(SIMD64<UInt8>(repeating: 3)) == SIMD64(repeating: 3))
    #expect(try roundTrip(1.5...2.5) == 1.5...2.5)
    #expect(try roundTrip(Duration.seconds(-3)) == .seconds(-3))
  }

  @Test func randomValuesComeBack() throws {
    var generator = SeededGenerator(state: seed)
    let codec = ItemCodec<Tree>.resolve()
    for _ in 0..<500 {
      let tree = Tree.random(depth: 5, using: &generator)
      var writer = WireWriter()
      try codec.encode(tree, into: &writer)
      #expect(try codec.decode(writer.bytes) == tree, "PROCPOOL_SEED=\(seed)")
    }
  }
}

/// Any value that JSON knows, and more: each case is encoded by another kind of container.
indirect enum Tree: Codable, Equatable {
  case number(Int)
  case big(UInt64)
  case real(Double)
  case text(String)
  case list([Tree])
  case named([String: Tree])
  case numbered([Int: Tree])
  case maybe(Tree?)
  case block([Int32])
  case reading(Reading)
  case particles([Particle])
  case vectors([SIMD8<Double>])
  case quick(Quick)
  case bytes(Data)

  static func random(depth: Int, using generator: inout SeededGenerator) -> Tree {
    func some<T>(_ make: (inout SeededGenerator) -> T) -> [T] {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in make(&generator) }
    }
    func text(_ g: inout SeededGenerator) -> String {
      String(
        (0..<Int.random(in: 0...40, using: &g)).map { _ in
          Character(["a", "é", "日", "🦆", " "].randomElement(using: &g)!)
        })
    }
    switch Int.random(in: 0..<(depth == 0 ? 4 : 14), using: &generator) {
    case 0:
      return .number(Int(truncatingIfNeeded: generator.next()) >> Int.random(in: 0..<64, using: &generator))
    case 1: return .big(generator.next())
    case 2: return .real(Double.random(in: -1e9...1e9, using: &generator))
    case 3: return .text(text(&generator))
    case 4: return .list(some { random(depth: depth - 1, using: &$0) })
    case 5:
      let pairs = some { (text(&$0), random(depth: depth - 1, using: &$0)) }
      return .named(Dictionary(pairs, uniquingKeysWith: { $1 }))
    case 6:
      let pairs = some { (Int(truncatingIfNeeded: $0.next()), random(depth: depth - 1, using: &$0)) }
      return .numbered(Dictionary(pairs, uniquingKeysWith: { $1 }))
    case 7: return .maybe(Bool.random(using: &generator) ? random(depth: depth - 1, using: &generator) : nil)
    case 8: return .block(some { Int32(truncatingIfNeeded: $0.next()) })
    case 9:
      return .particles(
        some { Particle(x: 1, y: 2, charge: Int32(truncatingIfNeeded: $0.next()), tiny: -1) })
    case 10: return .vectors(some { SIMD8(repeating: Double($0.next())) })
    case 11: return .quick(Quick(mass: Double(generator.next()), name: text(&generator)))
    case 12: return .bytes(Data(some { UInt8(truncatingIfNeeded: $0.next()) }))
    default:
      return .reading(
        Reading(
          id: 1, name: text(&generator), value: 0, valid: false,
          note: Bool.random(using: &generator) ? "n" : nil))
    }
  }
}
