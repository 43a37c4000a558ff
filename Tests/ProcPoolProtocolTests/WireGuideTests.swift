import Glibc
import ProcPoolSystem
import ProcPoolWire
import Testing

@testable import ProcPoolProtocol

/// The tables of the article about the wire format.
private struct Guide {
  let text: String

  init(file: String = #filePath) throws {
    let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
    let article = try Descriptor.open("/\(root)/Sources/ProcPool/ProcPool.docc/WireFormat.md", O_RDONLY)
    var bytes: [UInt8] = []
    article.drain { bytes += $0 }
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// The rows of the table whose head has these columns, each as its cells without code marks.
  func rows(_ columns: String...) throws -> [[String]] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let head = try #require(
      lines.firstIndex { Self.cells($0) == columns }, "no table with the columns \(columns)")
    return lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map(Self.cells)
  }

  private static func cells(_ line: String) -> [String] {
    guard line.hasPrefix("|") else { return [] }
    return line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
      String(String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).filter { $0 != "`" })
    }
  }
}

@Suite struct TheWireGuideSaysWhatTheProtocolIs {
  @Test func theVersionAndTheMark() throws {
    let guide = try Guide()
    #expect(guide.text.contains("The version is \(Preamble.version)."))
    #expect(guide.text.contains("`\(String(decoding: Preamble.bytes.prefix(5), as: UTF8.self))`"))
  }

  @Test func everyKindOfFrameWithItsNumberAndItsSender() throws {
    let rows = try Guide().rows("kind", "from", "body")
    #expect(rows.map { $0[0] } == FrameKind.allCases.map { "\($0.rawValue) \($0)" })
    for (row, kind) in zip(rows, FrameKind.allCases) {
      #expect(row[1] == (kind.rawValue < 64 ? "coordinator" : "worker"), "\(kind)")
    }
  }

  @Test func everyFieldOfAHeaderAtItsOffset() throws {
    let rows = try Guide().rows("offset", "bytes", "field")
    #expect(rows.count == 6)
    #expect(rows.reduce(0) { $0 + Int($1[1])! } == FrameHeader.size)
    // The bytes where a field is said to be, and no others, change with it.
    func bytes(_ header: FrameHeader) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: FrameHeader.size)
      bytes.withUnsafeMutableBytes { header.store(to: $0.baseAddress!) }
      return bytes
    }
    let kind = FrameKind.greeting
    let headers = [
      FrameHeader(kind, bodyLength: 0xFFFF_FFFF_FFFF), FrameHeader(.hello), FrameHeader(kind, flags: .max),
      FrameHeader(kind, call: CallID(.max)), FrameHeader(kind, count: .max), FrameHeader(kind, first: .max),
    ]
    let plain = bytes(FrameHeader(kind))
    for (row, header) in zip(rows, headers) {
      let changed = zip(bytes(header), plain).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
      let range = Int(row[0])!..<Int(row[0])! + Int(row[1])!
      #expect(changed == Array(range), "\(row[2])")
    }
  }

  @Test func everyFlag() throws {
    for row in try Guide().rows("frame", "flag", "name", "meaning") {
      let bits = try #require(UInt8(row[1]))
      guard row[0] == "chunk" else {
        let known = ["single": CallMessage.singleFlag, "kept": CallMessage.keptFlag]
        #expect(row[0] == "call" && bits == known[row[2]], "\(row[2])")
        continue
      }
      let flags = Mirror(reflecting: ChunkFlags(rawValue: bits)).children.filter {
        $0.value as? Bool == true || $0.value as? UInt8 ?? 0 != 0
      }
      #expect(flags.map(\.label) == [row[2]])
      #expect(ChunkFlags(rawValue: bits).rawValue == bits)
    }
    let names = try Guide().rows("frame", "flag", "name", "meaning").filter { $0[0] == "chunk" }.map { $0[2] }
    #expect(names == Mirror(reflecting: ChunkFlags(rawValue: 0)).children.map(\.label))
  }

  @Test func everyFieldOfHelloInItsOrder() throws {
    let rows = try Guide().rows("field", "type", "meaning")
    var hello = Hello(
      worker: 0x0102_0304, coordinator: 0x0506_0708, abilities: Abilities(rawValue: 0x0A0B_0C0D),
      maximumBody: 0x1112_1314_1516_1718)
    hello.pollingTime = 0x2122_2324_2526_2728
    hello.callPollingTime = 0x3132_3334_3536_3738
    hello.seed = 0x4142_4344_4546_4748
    hello.itemMark = 0x5152_5354_5556_5758
    let fields = Mirror(reflecting: hello).children
    #expect(rows.map { $0[0] } == fields.map(\.label))
    var writer = WireWriter()
    hello.write(to: &writer)
    var reader = WireReader(writer.bytes)
    for (row, field) in zip(rows, fields) where !row[1].isEmpty {
      let read: any FixedWidthInteger =
        switch row[1] {
        case "UInt32": try reader.readFixed(UInt32.self)
        case "Int32": try reader.readFixed(Int32.self)
        case "Int64": try reader.readFixed(Int64.self)
        case "UInt64": try reader.readFixed(UInt64.self)
        default: 0
        }
      let number = (field.value as? Abilities)?.rawValue ?? field.value
      let value = try #require(number as? any FixedWidthInteger)
      #expect("\(read)" == "\(value)", "\(row[0])")
    }
  }

  @Test func everyAbility() throws {
    let rows = try Guide().rows("bit", "ability", "meaning")
    #expect(rows.map { [$0[0], $0[1]] } == Abilities.names.map { ["\($0.ability.rawValue)", $0.name] })
    #expect(Abilities.process.isSubset(of: Abilities(Abilities.names.map(\.ability))))
  }

  @Test func everyFieldOfTheStatusPageAtItsOffset() throws {
    let rows = try Guide().rows("offset", "bytes", "field", "written by", "meaning")
    #expect(
      rows.map { Array($0.prefix(4)) }
        == PageLayout.entries.map { ["\($0.offset)", "\($0.byteCount)", $0.name, $0.writer.rawValue] })
  }

  @Test func noFieldsOfTheStatusPageOverlap() {
    let entries = PageLayout.entries
    for (entry, next) in zip(entries, entries.dropFirst()) {
      #expect(entry.offset + entry.byteCount <= next.offset, "\(entry.name), \(next.name)")
      // Fields of different writers on one cache line would slow both down. The futex and the gate's neighbour are
      // written seldom.
      if entry.offset / 64 == next.offset / 64 && entry.writer != next.writer {
        #expect(entry.name == "gate")
      }
    }
    #expect(entries.last.map { $0.offset + $0.byteCount } == PageLayout.size)
  }
}
