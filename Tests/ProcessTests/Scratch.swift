import FaultyTasks
import Glibc

/// A directory of one test's own, removed with this.
final class Scratch: Sendable {
  let path: String

  init() {
    // A run of all tests removes its folder if it is interrupted.
    let parent = getenv("PROCPOOL_SCRATCH").map { String(cString: $0) } ?? "/tmp"
    let template = strdup("\(parent)/procpool-test-XXXXXX")!
    path = String(cString: mkdtemp(template)!)
    free(template)
  }

  deinit {
    for name in Inspection.entries(path) { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// The path of a file in it.
  func file(_ name: String, containing text: String? = nil, mode: mode_t = 0o600) -> String {
    let path = "\(path)/\(name)"
    if let text {
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
      _ = text.withCString { write(file, $0, strlen($0)) }
      close(file)
    }
    return path
  }

  /// The lines of a file; none if it does not exist.
  func lines(_ name: String) -> [String] {
    (Inspection.contents("\(path)/\(name)") ?? "").split(separator: "\n").map(String.init)
  }

  func remove(_ name: String) { unlink("\(path)/\(name)") }
}
