import CProcPoolShims
import Glibc

/// The names of the functions in a program or library, from its symbol table in the ELF format
/// (System V ABI, chapter 4). Invalid entries are ignored.
///
/// The file is read rather than mapped: if another process truncated it, reading the mapping would
/// kill this process.
final class ElfSymbols {
  private let file: Descriptor
  private var segments: [(offset: UInt64, size: UInt64, address: UInt64)] = []
  private var functions: [(address: UInt64, size: UInt64, name: UInt64)] = []

  /// The maximum length of a table in bytes: more than a million symbols of 24 bytes. The Swift
  /// compiler has a quarter of that.
  private static let longestTable: UInt64 = 32 << 20
  /// The maximum length of a name in bytes.
  private static let longestName: UInt64 = 4096

  init?(path: String) {
    // A mapping may be a device, or have no file, such as "[vdso]".
    guard path.hasPrefix("/"), let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) else {
      return nil
    }
    self.file = file
    var status = stat()
    guard fstat(self.file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      // 64 bits, little-endian.
      let header = bytes(at: 0, 64)?[...], header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
    else { return nil }
    readSegments(header)
    readFunctions(header)
  }

  /// A range of bytes of the file; `nil` if the file is shorter, or if the range is too long.
  private func bytes(at offset: UInt64, _ count: UInt64) -> [UInt8]? {
    guard count <= Self.longestTable, let place = off_t(exactly: offset) else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(count)) { memory, filled in
      while filled < Int(count) {
        let more = pread(
          file.number, memory.baseAddress! + filled, Int(count) - filled, place &+ off_t(filled))
        if more > 0 { filled += more } else if more == 0 || errno != EINTR { break }
      }
    }
    return bytes.count == Int(count) ? bytes : nil
  }

  /// A field of an entry.
  private func load<Number: FixedWidthInteger>(
    _ entry: ArraySlice<UInt8>, _ offset: Int, _: Number.Type = Number.self
  ) -> Number {
    entry.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
  }

  /// The entries of a table; none if the table is truncated, or if entries are shorter than
  /// `least`.
  private func table(_ offset: UInt64, size: UInt64, count: UInt64, least: UInt64) -> [ArraySlice<UInt8>] {
    let (length, overflow) = size.multipliedReportingOverflow(by: count)
    guard size >= least, !overflow, let bytes = bytes(at: offset, length) else { return [] }
    return (0..<Int(count)).map { bytes[$0 * Int(size)..<($0 + 1) * Int(size)] }
  }

  /// Reads the addresses of the parts of the file.
  private func readSegments(_ header: ArraySlice<UInt8>) {
    let segments = table(
      load(header, 32), size: UInt64(load(header, 54, UInt16.self)),
      count: UInt64(load(header, 56, UInt16.self)), least: 56)
    for segment in segments where load(segment, 0, UInt32.self) == 1 {
      self.segments.append((load(segment, 8), load(segment, 32), load(segment, 16)))
    }
  }

  private func readFunctions(_ header: ArraySlice<UInt8>) {
    let sections = table(
      load(header, 40), size: UInt64(load(header, 58, UInt16.self)),
      count: UInt64(load(header, 60, UInt16.self)), least: 64)
    // The full table (2), or else the table for the dynamic linker (11).
    let symbols = [2, 11].lazy.compactMap { type in
      sections.first { self.load($0, 4, UInt32.self) == type }
    }
    guard let section = symbols.first, let link = Int(exactly: load(section, 40, UInt32.self)),
      link < sections.count
    else { return }
    let names: UInt64 = load(sections[link], 24)
    let size: UInt64 = load(section, 32)
    for symbol in table(load(section, 24), size: 24, count: size / 24, least: 24) {
      // Functions that are defined in this file.
      guard symbol[symbol.startIndex + 4] & 15 == 2 else { continue }
      let address: UInt64 = load(symbol, 8)
      if address == 0 { continue }
      functions.append((address, load(symbol, 16), names &+ UInt64(load(symbol, 0, UInt32.self))))
    }
    functions.sort { $0.address < $1.address }
  }

  /// The mangled name of the function at an offset of the file.
  func function(atOffset offset: UInt64) -> String? {
    guard let segment = segments.first(where: { $0.offset <= offset && offset - $0.offset < $0.size })
    else { return nil }
    let address = offset - segment.offset &+ segment.address
    var (low, high) = (0, functions.count)
    while low < high {
      let middle = (low + high) / 2
      if functions[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - functions[low - 1].address < max(1, functions[low - 1].size) else { return nil }
    return name(at: functions[low - 1].name)
  }

  private func name(at offset: UInt64) -> String? {
    var length = Self.longestName
    // The last names of a file have fewer bytes after them.
    while length > 0 {
      if let bytes = bytes(at: offset, length) {
        guard let end = bytes.firstIndex(of: 0), end > 0 else { return nil }
        return String(decoding: bytes[..<end], as: UTF8.self)
      }
      length /= 2
    }
    return nil
  }

  /// The demangled name, if it is a Swift name.
  static func demangled(_ name: String) -> String {
    guard let demangled = procpool_demangle(name, name.utf8.count) else { return name }
    defer { free(demangled) }
    return String(cString: demangled)
  }
}
