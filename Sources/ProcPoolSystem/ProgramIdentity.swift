import CProcPoolShims
import Glibc

/// What tells one build of a program from another.
public enum ProgramIdentity {
  /// The ELF build ID of the running program as the linker wrote it, or no bytes where it wrote none.
  public static var buildID: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
      count = Int(procpool_build_id(bytes.baseAddress, Int32(bytes.count)))
    }
  }

  /// The path of the running program's file, for messages and to find what lies beside it.
  public static var path: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      let count = attempt(.readlink) { Glibc.readlink("/proc/self/exe", buffer.baseAddress!, buffer.count) }
      guard count > 0 else { return nil }
      return String(decoding: buffer[..<count].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The running process.
  public static var pid: Int32 { getpid() }
}
