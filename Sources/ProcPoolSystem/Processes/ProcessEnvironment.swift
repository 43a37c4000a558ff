import CProcPoolShims
import Glibc

/// The environment of this process as bytes, because names and values need not be valid text.
package enum ProcessEnvironment {
  /// The entries, "NAME=VALUE" without the terminating zero, in the system's order. Do not call it
  /// while another thread changes the environment.
  package static var entries: [[UInt8]] {
    var entries: [[UInt8]] = []
    guard var next = procpool_environment() else { return [] }
    while let entry = next.pointee {
      entries.append([UInt8](UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
      next += 1
    }
    return entries
  }

  /// The entries that are text as a dictionary, and the remaining entries: those that are not
  /// UTF-8, and those whose names Swift considers equal to others.
  package static func split(
    _ entries: [[UInt8]] = entries
  ) -> (text: [String: String], rest: [[UInt8]]) {
    var text: [String: String] = [:]
    var rest: [[UInt8]] = []
    for entry in entries {
      guard let line = String(validating: entry, as: UTF8.self),
        let equals = line.utf8.dropFirst().firstIndex(of: UInt8(ascii: "="))
      else {
        rest.append(entry)
        continue
      }
      let name = String(line[..<equals])
      // The first of two entries with the same name counts, as for `getenv`.
      if let index = text.index(forKey: name) {
        if !text.keys[index].utf8.elementsEqual(name.utf8) { rest.append(entry) }
      } else {
        text[name] = String(line[line.utf8.index(after: equals)...])
      }
    }
    return (text, rest)
  }

  /// Adds entries, "NAME=VALUE", which replace variables with the same names. Do not call it while
  /// another thread reads the environment.
  package static func add(_ entries: [[UInt8]]) {
    for entry in entries {
      guard let equals = entry.dropFirst().firstIndex(of: UInt8(ascii: "=")) else { continue }
      let name = entry[..<equals] + [0]
      let value = entry[(equals + 1)...] + [0]
      name.withUnsafeBytes { name in
        value.withUnsafeBytes { value in
          _ = setenv(
            name.baseAddress!.assumingMemoryBound(to: CChar.self),
            value.baseAddress!.assumingMemoryBound(to: CChar.self), 1)
        }
      }
    }
  }
}
