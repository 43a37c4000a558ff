import Foundation
import ProcPoolWire

// The types that the codec's tests send.

struct Reading: Codable, Hashable, Sendable {
  var id: Int
  var name: String
  var value: Double
  var valid: Bool
  var note: String?
}

enum Shape: Codable, Hashable, Sendable {
  case point
  case circle(radius: Double)
  case polygon([Int], closed: Bool)
  indirect case group(Shape, Shape)
}

enum Level: String, Codable, Sendable { case low, high }

class Animal: Codable {
  var name = "animal"
  init(name: String) { self.name = name }
  private enum Keys: String, CodingKey { case name }
  required init(from decoder: any Decoder) throws {
    name = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .name)
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(name, forKey: .name)
  }
}

/// Shares its base class's container.
final class Bird: Animal {
  var wings = 2
  private enum Keys: String, CodingKey { case wings }
  init(wings: Int) {
    self.wings = wings
    super.init(name: "bird")
  }
  required init(from decoder: any Decoder) throws {
    wings = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .wings)
    try super.init(from: decoder)
  }
  override func encode(to encoder: any Encoder) throws {
    try super.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(wings, forKey: .wings)
  }
}

/// Gives its base class an encoder of its own.
final class Fish: Animal {
  var fins = 5
  private enum Keys: String, CodingKey { case fins, parent }
  let named: Bool
  init(fins: Int, named: Bool) {
    self.fins = fins
    self.named = named
    super.init(name: "fish")
  }
  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    fins = try container.decode(Int.self, forKey: .fins)
    named = container.contains(.parent)
    try super.init(from: named ? container.superDecoder(forKey: .parent) : container.superDecoder())
  }
  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try super.encode(to: named ? container.superEncoder(forKey: .parent) : container.superEncoder())
    try container.encode(fins, forKey: .fins)
  }
}

/// Writes into several open containers in turns.
struct Interleaved: Codable, Equatable {
  var first: [Int]
  var second: [String: Int]
  var plain: Int

  enum Keys: String, CodingKey { case first, second, plain }
  enum Names: String, CodingKey { case a, b }

  init(first: [Int], second: [String: Int], plain: Int) {
    self.first = first
    self.second = second
    self.plain = plain
  }
  func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: Keys.self)
    var list = outer.nestedUnkeyedContainer(forKey: .first)
    var names = outer.nestedContainer(keyedBy: Names.self, forKey: .second)
    try list.encode(first[0])
    try names.encode(second["a"]!, forKey: .a)
    try outer.encode(plain, forKey: .plain)
    try list.encode(first[1])
    try names.encode(second["b"]!, forKey: .b)
    try list.encode(first[2])
  }
  init(from decoder: any Decoder) throws {
    let outer = try decoder.container(keyedBy: Keys.self)
    plain = try outer.decode(Int.self, forKey: .plain)
    let names = try outer.nestedContainer(keyedBy: Names.self, forKey: .second)
    var list = try outer.nestedUnkeyedContainer(forKey: .first)
    second = ["a": try names.decode(Int.self, forKey: .a), "b": try names.decode(Int.self, forKey: .b)]
    first = []
    while !list.isAtEnd { first.append(try list.decode(Int.self)) }
  }
}

struct Everything: Codable, Equatable {
  var i8: Int8, i16: Int16, i32: Int32, i64: Int64, i128: Int128
  var u8: UInt8, u16: UInt16, u32: UInt32, u64: UInt64, u128: UInt128
  var float: Float, double: Double, half: Float16, bool: Bool, text: String
  var none: Int?, some: Int?
  var ints: [Int], doubles: [Double], bools: [Bool], texts: [String], bytes: [UInt8]
  var optionals: [Int?], nested: [[[Int]]], set: Set<String>, range: Range<Int>, duration: Duration
  var byName: [String: Double], byNumber: [Int: String], byShape: [Shape: Int]
  var shape: Shape, level: Level, readings: [Reading]

  static let sample = Everything(
    i8: -128, i16: .min, i32: .max, i64: .min, i128: .min, u8: 255, u16: .max, u32: 7, u64: .max, u128: .max,
    float: .pi, double: -0.0, half: 0.5, bool: true, text: "naïve 🦆", none: nil, some: 3,
    ints: [1, -2, 1 << 40], doubles: [.infinity, -1.5], bools: [true, false],
    texts: ["", "x", String(repeating: "long", count: 50)],
    bytes: [0, 255], optionals: [1, nil, 3], nested: [[[1], []], [], [[2, 3]]], set: ["a", "b"], range: 3..<9,
    duration: .milliseconds(1500), byName: ["x": 1], byNumber: [-5: "five"],
    byShape: [.circle(radius: 1): 1, .point: 2],
    shape: .group(.polygon([1, 2], closed: true), .point), level: .high,
    readings: (0..<3).map { Reading(id: $0, name: "r\($0)", value: 0.5, valid: $0 == 1, note: nil) })
}

struct Particle: Codable, WireBlock, Equatable {
  var x: Float, y: Float, charge: Int32, tiny: Int8
}

/// Writes itself.
struct Quick: Codable, WireCodable, Equatable {
  var mass: Double
  var name: String
  func encode(into writer: inout WireWriter) {
    mass.encode(into: &writer)
    name.encode(into: &writer)
  }
  static func decode(from reader: inout WireReader) throws -> Quick {
    Quick(mass: try .decode(from: &reader), name: try .decode(from: &reader))
  }
}

struct Mixed: Codable, Equatable {
  var quick: Quick
  var quicks: [Quick]
  var particles: [Particle]
  var payload: Data
}

struct Nothing: Codable, Hashable {}

/// A list as deep as it is long.
final class Chain: Codable {
  var next: Chain?
  init(_ next: Chain?) { self.next = next }
  /// One after the other, for a long one would take a level of the stack for each.
  deinit {
    var rest = next
    next = nil
    while rest != nil, isKnownUniquelyReferenced(&rest) {
      let after = rest?.next
      rest?.next = nil
      rest = after
    }
  }
  static func make(_ depth: Int) -> Chain { (1..<depth).reduce(Chain(nil)) { chain, _ in Chain(chain) } }
  var length: Int {
    var (link, length) = (Optional(self), 0)
    while let chain = link { (link, length) = (chain.next, length + 1) }
    return length
  }
}

extension Data: WireBytes {
  /// Creates data with a copy of the bytes.
  public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }

  /// Calls `body` with the bytes of the data.
  public func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeBytes(body)
  }
}

/// Encodes and decodes through one codec.
func roundTrip<T: Codable>(_ value: T) throws -> T {
  let codec = ItemCodec<T>.resolve()
  var writer = WireWriter()
  try codec.encode(value, into: &writer)
  return try codec.decode(writer.bytes)
}

func bytes<T: Codable>(_ value: T) throws -> [UInt8] {
  var writer = WireWriter()
  try ItemCodec<T>.resolve().encode(value, into: &writer)
  return Array(writer.bytes)
}

/// The seed of this run: `PROCPOOL_SEED`, or a fresh one, printed so that a failure can be repeated.
let seed: UInt64 = {
  let given = ProcessInfo.processInfo.environment["PROCPOOL_SEED"].flatMap { UInt64($0) }
  let seed = given ?? UInt64.random(in: 0...UInt64.max)
  print("PROCPOOL_SEED=\(seed)")
  return seed
}()

/// SplitMix64: small, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
