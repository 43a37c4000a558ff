import Glibc
import ProcPoolSystem

/// The machine on which the figures were measured.
struct Machine: Equatable, Sendable {
  var processor: String
  var architecture: String
  var processors: Int
  var memoryBytes: UInt64
  var system: String

  /// Returns a description of this machine.
  static func current() -> Machine {
    var name = utsname()
    let known = uname(&name) == 0
    return Machine(
      processor: processorName(in: TextFile.read("/proc/cpuinfo") ?? "")?.visible(atMost: 100) ?? "unknown",
      architecture: known ? text(of: name.machine) : "unknown",
      processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
      memoryBytes: UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
        * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))),
      system: known ? "\(text(of: name.sysname)) \(text(of: name.release))" : "unknown")
  }

  /// Returns the processor's name from the text of `/proc/cpuinfo`, whose keys depend on the
  /// architecture.
  static func processorName(in cpuinfo: String) -> String? {
    for key in ["model name", "Model", "cpu model"] {
      for line in cpuinfo.lines() {
        guard let colon = line.firstIndex(of: ":"), line.hasPrefix(key) else { continue }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        if !value.isEmpty { return String(value) }
      }
    }
    return nil
  }

  /// A line for the top of the report.
  var summary: String {
    "\(processor), \(processors) processors, \(Units.bytes(Double(memoryBytes))) of memory, \(system)"
  }

  var json: JSONValue {
    .object([
      ("processor", .string(processor)), ("architecture", .string(architecture)),
      ("processors", .integer(processors)), ("memoryBytes", .unsigned(memoryBytes)),
      ("system", .string(system)),
    ])
  }

  private static func text<Characters>(of characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self).visible() }
  }
}
