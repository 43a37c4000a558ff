import CProcPoolShims
import Glibc
import Synchronization

/// What tells one build of a program from another.
package enum ProgramIdentity {
  /// The ELF build ID of the running program as the linker wrote it, or no bytes where it wrote none.
  package static var buildID: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
      count = Int(procpool_build_id(bytes.baseAddress, Int32(bytes.count)))
    }
  }

  /// The path of the running program's file, for messages and to find what lies beside it. What is no UTF-8 in it is
  /// replaced.
  package static var path: String? { pathBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// The same as it is; `nil` where there is no `/proc`.
  private static var pathBytes: [UInt8]? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      let count = attempt(.readlink) { Glibc.readlink("/proc/self/exe", buffer.baseAddress!, buffer.count) }
      return count > 0 ? buffer[..<count].map { UInt8(bitPattern: $0) } : nil
    }
  }

  /// The folder of the running program's file, as a path that is text: where the folder's own is not, by way of a
  /// descriptor of this process, which stays open.
  ///
  /// - Throws: `ENOENT` where there is no `/proc`.
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
      // By the process's number, because it is another process that opens it.
      return "/proc/\(pid)/fd/\(number)"
    }
  }

  /// The number of the program's folder, once it was needed: the program's file stays where it is.
  private static let openFolder = Mutex<Int32>(-1)

  /// The running process.
  package static var pid: Int32 { getpid() }
}
