import CProcPoolShims
import Glibc

/// The name of the calling process in lists of processes.
package enum ProcessName {
  /// Sets the name of the process, which is that of its main thread. Call it on the main thread.
  ///
  /// - Parameter name: the name, of which the kernel keeps 15 bytes.
  package static func set(_ name: String) {
    _ = name.withCString { procpool_name_thread($0) }
  }
}

/// The file system `/proc`.
package enum ProcessFolder {
  /// Whether `/proc` is not mounted, as in a bare `chroot`.
  package static var isMissing: Bool { access("/proc/self", F_OK) != 0 }

  /// The remedy, for messages.
  package static let advice =
    "/proc is not mounted here, and a program starts itself as /proc/self/exe: mount it (`mount -t proc proc /proc`), or "
    + "name a worker executable by its absolute path"
}
