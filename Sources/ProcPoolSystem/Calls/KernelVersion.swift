import Glibc

/// The kernel that is running.
package enum KernelVersion {
  /// "Linux 6.1.0-13-amd64".
  package static var text: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "an unknown kernel" }
    func string<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(string(name.sysname)) \(string(name.release))"
  }
}
