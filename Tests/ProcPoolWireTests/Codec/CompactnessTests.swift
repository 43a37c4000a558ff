import Foundation
import ProcPoolWire
import Testing

@Suite("Messages are small, and blocks move whole")
struct CompactnessTests {
  @Test func namesAreWrittenOncePerMessage() throws {
    struct Mixed: Codable {
      var identifier: Int, displayName: String, measurement: Double, isValid: Bool, category: Int
    }
    let values = (0..<10_000).map {
      Mixed(identifier: $0, displayName: "n\($0 % 10)", measurement: 0.5, isValid: true, category: 3)
    }
    let message = try bytes(values)
    let text = String(decoding: message, as: UTF8.self)
    #expect(text.components(separatedBy: "displayName").count == 2)
    // 2 header + 5 keys + 2…4 identifier + 3 name + 9 measurement + 1 + 1.
    #expect(message.count < 10_000 * 25 + 100)
  }

  @Test func smallNumbersTakeAByte() throws {
    #expect(try bytes(Box(content: 5)).count == 2 + 1 + 1 + 8 + 1)
    #expect(try bytes(Array(repeating: 7, count: 1_000_000)).count < 1_000_010)
  }

  @Test func dataMovesAsOneBlock() throws {
    struct Packet: Codable { var payload: Data }
    let codec = ItemCodec<Packet>.resolve()
    var writer = WireWriter()
    try codec.encode(Packet(payload: Data(count: 1 << 20)), into: &writer)
    #expect(writer.count < (1 << 20) + 32)
    #expect(writer.growths <= 2)
  }

  @Test func numbersMoveAsOneBlock() throws {
    var writer = WireWriter()
    try ItemCodec<[Double]>.resolve().encode(Array(repeating: 1.5, count: 100_000), into: &writer)
    #expect(writer.count < 800_016)
    #expect(writer.growths == 1)
    writer.removeAll()
    try ItemCodec<Box<[Double]>>.resolve().encode(
      Box(content: Array(repeating: 1.5, count: 50_000)), into: &writer)
    #expect(writer.growths == 1)
  }

  @Test func growthIsGeometric() {
    var writer = WireWriter()
    for i in 0..<1_000_000 { writer.writeByte(UInt8(truncatingIfNeeded: i)) }
    #expect(writer.growths <= 16)
  }

  @Test func blockItemsAreTheirMemory() throws {
    #expect(ItemCodec<Int>.resolve().blockStride == 8)
    #expect(ItemCodec<Float>.resolve().blockStride == 4)
    #expect(ItemCodec<Particle>.resolve().blockStride == 16)
    #expect(ItemCodec<Bool>.resolve().blockStride == 0)
    #expect(ItemCodec<[Int]>.resolve().blockStride == 0)
    #expect(ItemCodec<Reading>.resolve().blockStride == 0)
    #expect(try bytes(0x0102) == [2, 1, 0, 0, 0, 0, 0, 0])
  }
}

@Suite("A writer owns its memory, and a reader never leaves its own")
struct WriterAndReaderTests {
  @Test func whatIsWrittenIsRead() throws {
    var writer = WireWriter(capacity: 1)
    writer.writeFixed(UInt16(0xABCD))
    let numbers: [UInt64] = [0, 1, 127, 128, 300, 1 << 35, .max]
    for number in numbers { writer.writeVarint(number) }
    for number: Int64 in [0, -1, 63, -64, .min, .max] { writer.writeSignedVarint(number) }
    writer.padTo8()
    #expect(writer.count % 8 == 0)
    let patched = writer.count
    writer.writeFixed(UInt32(0))
    writer.patch(UInt32(77), at: patched)

    var reader = WireReader(writer.bytes)
    #expect(try reader.readFixed(UInt16.self) == 0xABCD)
    for number in numbers { #expect(try reader.readVarint() == number) }
    for number: Int64 in [0, -1, 63, -64, .min, .max] { #expect(try reader.readSignedVarint() == number) }
    _ = try reader.readBytes(patched - reader.offset)
    #expect(try reader.readFixed(UInt32.self) == 77)
    try reader.finish()
    #expect(throws: WireError.truncated(needed: 1, remaining: 0, offset: writer.count)) {
      try reader.readByte()
    }
    #expect(throws: WireError.self) { try reader.readBytes(-1) }
  }

  @Test func releasedMemoryIsTheCallers() {
    var writer = WireWriter()
    writer.writeByte(9)
    let released = writer.release()
    #expect(released?.count == 1)
    #expect(released?.0.load(as: UInt8.self) == 9)
    #expect(released.map { UInt(bitPattern: $0.0) % 16 } == 0)
    released?.0.deallocate()
    #expect(WireWriter().release() == nil)
  }

  @Test func varintsOfMoreThan64BitsAreRefused() {
    let long = [UInt8](repeating: 0xFF, count: 9) + [2]
    long.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      #expect(throws: WireError.self) { try reader.readVarint() }
    }
  }

  @Test func countsAreComparedWithWhatIsLeft() throws {
    [UInt8]([3, 0, 0, 0]).withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      #expect((try? reader.readCount(minimumBytesEach: 1)) == 3)
      var other = WireReader(bytes)
      #expect(throws: WireError.tooLong(count: 3, remaining: 3, offset: 1)) {
        try other.readCount(minimumBytesEach: 2)
      }
    }
  }
}
