import Foundation
import ProcPoolWire
import Testing

/// Decodes `message` as `T`, and as things that it is not. Whatever is thrown is right; a trap is not.
private func survive<T: Codable>(_ message: [UInt8], as _: T.Type) {
  message.withUnsafeBytes { bytes in
    if let value = try? ItemCodec<T>.resolve().decode(bytes) { _ = try? roundTrip(value) }
  }
}

@Suite("No bytes make the decoder trap, loop or allocate without bound")
struct HostileInputTests {
  @Test func everyTruncationIsAnError() throws {
    func check<T: Codable>(_ value: T) throws {
      let whole = try bytes(value)
      for length in 0..<whole.count {
        #expect(throws: (any Error).self) {
          try whole[..<length].withUnsafeBytes { try ItemCodec<T>.resolve().decode($0) }
        }
      }
    }
    try check(Everything.sample)
    try check(["one", "two"])
    try check([1, 2, 300])
    try check(["k": 1.5])
    try check(Mixed(quick: Quick(mass: 1, name: "n"), quicks: [], particles: [], payload: Data([1])))
  }

  @Test func everyChangedByteIsSurvived() throws {
    func check<T: Codable>(_ value: T, values: some Sequence<UInt8>) throws {
      let whole = try bytes(value)
      for position in whole.indices {
        for replacement in values {
          var damaged = whole
          damaged[position] = replacement
          survive(damaged, as: T.self)
        }
      }
    }
    try check(Reading(id: 1000, name: "name", value: 1, valid: true, note: "n"), values: 0...255)
    try check(Shape.group(.polygon([1, 2], closed: true), .circle(radius: 1)), values: 0...255)
    try check([[1.5], [2.5, 3.5]], values: 0...255)
    try check(Everything.sample, values: [0, 1, 0x7F, 0x80, 0x9F, 0xB0, 0xBA, 0xBB, 0xBC, 0xBD, 0xBE, 0xFF])
  }

  @Test func randomBytesAreSurvived() {
    var generator = SeededGenerator(state: seed)
    for _ in 0..<20_000 {
      var message = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      // Without this nearly all would fail at the key table.
      if Bool.random(using: &generator) { message.append(0) }
      survive(message, as: Tree.self)
      survive(message, as: Reading.self)
      survive(message, as: [String].self)
      survive(message, as: [String: [Int]].self)
    }
  }

  @Test func countsAreNotBelieved() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    // An array, a packed array, an array of structures, an object, a string: each announces 2^63 − 1.
    for prefix: [UInt8] in [
      [0xBA, 0x7F], [0xBA], [0xBC, 0x08], [0xBC, 0x01], [0xBE, 0x10], [0xBE], [0xBB], [0xB9], [0xBD],
    ] {
      for tail: [UInt8] in [[0], [0, 0, 0, 0], huge + [0]] {
        let message = prefix + huge + tail
        survive(message, as: [Nothing].self)
        survive(message, as: [Reading].self)
        survive(message, as: Set<Nothing>.self)
        survive(message, as: Everything.self)
        survive(message, as: Box<[Int]>.self)
        survive(message, as: Box<[Particle]>.self)
        survive(message, as: Box<String>.self)
      }
    }
    survive(huge, as: [Int].self)
    survive(huge, as: [Particle].self)
    survive(huge, as: [String?].self)
    survive(huge, as: [String: Int].self)
    survive(huge, as: String.self)
    survive(huge + [0xFF], as: Reading.self)
  }

  @Test func elementsOfNothingCostAByte() throws {
    #expect(try bytes([Nothing](repeating: Nothing(), count: 1000)).count >= 1000)
    struct Silent: Codable, WireCodable {
      func encode(into writer: inout WireWriter) {}
      static func decode(from reader: inout WireReader) -> Silent { Silent() }
    }
    #expect(try bytes([Silent](repeating: Silent(), count: 1000)).count >= 1000)
    #expect(try roundTrip([Silent(), Silent()]).count == 2)
    #expect(try bytes([[Silent()], [Silent(), Silent()]]).count >= 5)
  }

  @Test func textIsValidated() throws {
    #expect(throws: WireError.self) {
      try [2, 0xC3, 0x28].withUnsafeBytes { try ItemCodec<String>.resolve().decode($0) }
    }
    let message: [UInt8] = [0xBA, 4, 1, 0x82, 0xC3, 0x28, 0]
    #expect(throws: DecodingError.self) {
      try message.withUnsafeBytes { try ItemCodec<Box<[String]>>.resolve().decode($0) }
    }
  }

  @Test func bytesThatAreLeftOverAreAnError() throws {
    let message = try bytes("text") + [0]
    #expect(throws: WireError.trailingBytes(1, offset: 5)) {
      try message.withUnsafeBytes { try ItemCodec<String>.resolve().decode($0) }
    }
  }

  @Test func nothingIsLeftOfAMessageThatCouldNotBeRead() throws {
    let codec = ItemCodec<Box<Int>>.resolve()
    let whole = try bytes(Box(content: 1))
    #expect(whole == [0xBB, 2, 2, 1] + [14] + Array("content".utf8) + [8])
    // Its table has another entry, which is longer than the table.
    let damaged = whole.dropLast() + [100, 9]
    #expect(throws: (any Error).self) { try damaged.withUnsafeBytes { try codec.decode($0) } }
    // A table without entries, and a field that names the first.
    let nameless: [UInt8] = [0xBB, 2, 2, 1, 0]
    #expect(throws: (any Error).self) { try nameless.withUnsafeBytes { try codec.decode($0) } }
    #expect(try whole.withUnsafeBytes { try codec.decode($0) }.content == 1)
  }

  @Test func containersOutliveTheirMessageHarmlessly() throws {
    var kept = try roundTrip(Keeper(kept: []))
    #expect(throws: (any Error).self) { try kept.decode() }
    var sinks: [any UnkeyedEncodingContainer] = []
    struct Leaky: Encodable {
      let keep: (any UnkeyedEncodingContainer) -> Void
      func encode(to encoder: any Encoder) throws { keep(encoder.unkeyedContainer()) }
    }
    _ = try WireCoding.encode(Leaky { sinks.append($0) })
    #expect(throws: (any Error).self) { try sinks[0].encode(1) }
  }
}

struct Box<Content: Codable>: Codable { var content: Content }

/// Arrays of arrays, as deep as the message says.
struct Lists: Codable {
  var inner: [Lists]
  init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    inner = []
    while !list.isAtEnd { inner.append(try list.decode(Lists.self)) }
  }
}

/// As `Lists`, by way of the library's own arrays.
struct ListsByArray: Codable {
  var inner: [ListsByArray]
  init(from decoder: any Decoder) throws {
    inner = try decoder.singleValueContainer().decode([ListsByArray].self)
  }
}

struct Nest: Codable, WireCodable {
  var inner: [Nest]
  func encode(into writer: inout WireWriter) throws { try inner.encode(into: &writer) }
  static func decode(from reader: inout WireReader) throws -> Nest { Nest(inner: try .decode(from: &reader)) }
}

/// Keeps the container that it was decoded from.
struct Keeper: Codable {
  var kept: [any UnkeyedDecodingContainer]
  init(kept: [any UnkeyedDecodingContainer]) { self.kept = kept }
  init(from decoder: any Decoder) throws { kept = [try decoder.unkeyedContainer()] }
  func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    try list.encode(1)
  }
  mutating func decode() throws { _ = try kept[0].decode(Int.self) }
}
