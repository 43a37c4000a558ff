import Glibc
import Testing

@testable import ProcPoolSystem

/// A program's file is what somebody else has written: it may say anything.
@Suite struct NamesAreTakenFromAnyFile {
  /// A file with these bytes, for as long as the body runs.
  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let parent = getenv("PROCPOOL_SCRATCH").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/procpool-test-XXXXXX".utf8CString)
    let file = Descriptor(owning: mkstemp(&template))
    let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    defer { unlink(path) }
    try bytes.withUnsafeBytes { try #require(write(file.number, $0.baseAddress, $0.count) == $0.count) }
    try body(path)
  }

  /// 64 bits, little-endian: a segment that is the file, a section of one symbol, `name` at 0x10…0x20, and
  /// its text.
  private var small: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 320)
    func put(_ value: UInt64, at offset: Int, size: Int = 8) {
      for index in 0..<size {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
    put(64, at: 32)  // segments
    put(120, at: 40)  // sections
    for (offset, value) in [(54, 56), (56, 1), (58, 64), (60, 2)] { put(UInt64(value), at: offset, size: 2) }
    put(1, at: 64, size: 4)  // loaded
    put(320, at: 64 + 32)
    put(2, at: 120 + 4, size: 4)  // symbols
    put(248, at: 120 + 24)
    put(24, at: 120 + 32)
    put(1, at: 120 + 40, size: 4)
    put(272, at: 184 + 24)  // names
    put(1, at: 248, size: 4)
    bytes[252] = 2  // a function
    put(0x10, at: 256)
    put(0x10, at: 264)
    bytes.replaceSubrange(273..<277, with: "name".utf8)
    return bytes
  }

  @Test func aFunctionReachesAsFarAsItSays() throws {
    try withFile(small) { path in
      let symbols = try #require(ElfSymbols(path: path))
      #expect(
        [0x0F, 0x10, 0x1F, 0x20, 319, 320].map { symbols.function(atOffset: $0) } == [
          nil, "name", "name", nil, nil, nil,
        ])
    }
  }

  /// Each byte another, each field as great as it can be, each length.
  @Test func ofADamagedFileThereIsANameOrNone() throws {
    var damaged = (0..<small.count).map { Array(small.prefix($0)) }
    for index in 6..<272 {
      for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] where value != small[index] {
        damaged.append(small)
        damaged[damaged.count - 1][index] = value
      }
      damaged.append(small)
      for offset in index..<min(index + 8, 272) { damaged[damaged.count - 1][offset] = 0xFF }
    }
    for bytes in damaged {
      try withFile(bytes) { path in
        guard let symbols = ElfSymbols(path: path) else { return }
        for offset in [0, 0x10, 0x18, 319, 1 << 40, .max] as [UInt64] {
          #expect(symbols.function(atOffset: offset) != "")
        }
      }
    }
  }

  @Test func whatIsNoFileHasNone() {
    for path in ["[vdso]", "/dev/zero", "/tmp", "/nonexistent", "/proc/self/mem"] {
      #expect(ElfSymbols(path: path)?.function(atOffset: 0) == nil)
    }
  }
}
