import CProcPoolShims
import Glibc

/// The names of the functions in a program or library: its symbol table, as the ELF format (System V ABI,
/// chapter 4) has it. Of what makes no sense there is no name.
final class ElfSymbols {
  private let base: UnsafeMutableRawPointer
  private let file: UnsafeRawBufferPointer
  private var segments: [(offset: UInt64, size: UInt64, address: UInt64)] = []
  private var functions: [(address: UInt64, size: UInt64, name: UInt64)] = []

  init?(path: String) {
    guard let descriptor = try? Descriptor.open(path, O_RDONLY) else { return nil }
    var status = stat()
    guard fstat(descriptor.number, &status) == 0, status.st_size > 64,
      let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor.number, 0),
      base != MAP_FAILED
    else { return nil }
    self.base = base
    file = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
    // 64 bits, little-endian.
    guard file.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
    readSegments()
    readFunctions()
  }

  deinit { munmap(base, file.count) }

  private func load<Number: FixedWidthInteger>(_ offset: UInt64, _: Number.Type) -> Number? {
    guard let place = Int(exactly: offset), place <= file.count - MemoryLayout<Number>.size else {
      return nil
    }
    return file.loadUnaligned(fromByteOffset: place, as: Number.self)
  }

  /// The entries of a table: where it begins, how long each is, how many there are.
  private func table(_ start: UInt64?, _ size: UInt64?, _ count: UInt64?) -> [UInt64] {
    guard let start, let size, let count, size > 0, start < UInt64(file.count),
      count <= (UInt64(file.count) - start) / size
    else { return [] }
    return (0..<count).map { start + $0 * size }
  }

  /// Which part of the file lies at which address.
  private func readSegments() {
    let headers = table(
      load(32, UInt64.self), load(54, UInt16.self).map(UInt64.init), load(56, UInt16.self).map(UInt64.init))
    for header in headers where load(header, UInt32.self) == 1 {
      guard let offset = load(header + 8, UInt64.self), let address = load(header + 16, UInt64.self),
        let size = load(header + 32, UInt64.self)
      else { continue }
      segments.append((offset, size, address))
    }
  }

  private func readFunctions() {
    let sections = table(
      load(40, UInt64.self), load(58, UInt16.self).map(UInt64.init), load(60, UInt16.self).map(UInt64.init))
    // The full table (2), or else what is left for the dynamic linker (11).
    let symbols = [2, 11].lazy.compactMap { type in sections.first { self.load($0 + 4, UInt32.self) == type }
    }
    guard let section = symbols.first, let link = load(section + 40, UInt32.self), Int(link) < sections.count,
      let names = load(sections[Int(link)] + 24, UInt64.self), let size = load(section + 32, UInt64.self)
    else { return }
    for symbol in table(load(section + 24, UInt64.self), 24, size / 24) {
      guard let info = load(symbol + 4, UInt8.self), info & 15 == 2, let name = load(symbol, UInt32.self),
        let address = load(symbol + 8, UInt64.self), address != 0, let size = load(symbol + 16, UInt64.self)
      else { continue }
      functions.append((address, size, names &+ UInt64(name)))
    }
    functions.sort { $0.address < $1.address }
  }

  /// The name of the function to which a place in the file belongs, as the table has it.
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
    guard let start = Int(exactly: offset), start < file.count,
      let end = file[start...].firstIndex(of: 0), end > start
    else { return nil }
    return String(decoding: file[start..<end], as: UTF8.self)
  }

  /// A name as the source has it, if it is one of Swift's.
  static func demangled(_ name: String) -> String {
    guard let demangled = procpool_demangle(name, name.utf8.count) else { return name }
    defer { free(demangled) }
    return String(cString: demangled)
  }
}
