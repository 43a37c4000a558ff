import Glibc

/// Small text files of the kernel.
package enum TextFile {
  /// The content of a file; `nil` if it cannot be read.
  package static func read(_ path: String) -> String? {
    guard let file = try? Descriptor.open(path, O_RDONLY) else { return nil }
    var bytes: [UInt8] = []
    return withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { memory in
      while case .moved(let count)? = try? file.read(into: memory) { bytes += memory[..<count] }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}

/// Directories whose entries are numbers, of processes and threads in `/proc`.
enum NumberFolder {
  /// The numbers, in no particular order; empty if the directory cannot be read.
  static func entries(_ path: String) -> [Int32] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var numbers: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let number = Int32(name) { numbers.append(number) }
    }
    return numbers
  }
}

enum Folder {
  /// The names of the directories in a directory; empty if it cannot be read.
  static func folders(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

package enum FileStatus {
  /// Whether there is a file of any kind with the path.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
