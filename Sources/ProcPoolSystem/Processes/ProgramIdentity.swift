import CProcPoolShims
import Glibc
import Synchronization

/// The identity of the running program and process.
package enum ProgramIdentity {
  /// The ELF build ID of the running program; empty if the linker wrote none.
  package static var buildID: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
      count = Int(procpool_build_id(bytes.baseAddress, Int32(bytes.count)))
    }
  }

  /// The path of the running program's file, for messages. Invalid UTF-8 is replaced.
  package static var path: String? { pathBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// The path as bytes; `nil` without `/proc`.
  private static var pathBytes: [UInt8]? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      let count = attempt(.readlink) { Glibc.readlink("/proc/self/exe", buffer.baseAddress!, buffer.count) }
      return count > 0 ? buffer[..<count].map { UInt8(bitPattern: $0) } : nil
    }
  }

  /// The directory of the running program's file, as a path in UTF-8. If the actual path is not
  /// UTF-8, a path through a descriptor of this process, which stays open.
  ///
  /// - Throws: `ENOENT` without `/proc`.
  package static func folder() throws(SystemError) -> String {
    guard let path = pathBytes, let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
      throw SystemError(call: "readlink(/proc/self/exe)", code: ENOENT)
    }
    if let folder = String(validating: path[..<slash], as: UTF8.self) { return folder }
    return try openFolder.withLock { (number) throws(SystemError) in
      if number < 0 {
        let bytes = path[...slash] + [0]
        number = try retryingInterrupts(.open) {
          bytes.withUnsafeBytes {
            procpool_open_path($0.baseAddress!.assumingMemoryBound(to: CChar.self))
          }
        }
      }
      // With the process ID, because another process opens it.
      return "/proc/\(pid)/fd/\(number)"
    }
  }

  /// The descriptor of the program's directory, opened on first use.
  private static let openFolder = Mutex<Int32>(-1)

  /// The process ID.
  package static var pid: Int32 { getpid() }
}
