import CProcPoolShims
import Glibc

/// What the calling process is called in lists of processes.
package enum ProcessName {
  /// Names the process, which has the name of its main thread. To be called on that.
  ///
  /// - Parameter name: the first 15 bytes count.
  package static func set(_ name: String) {
    _ = name.withCString { procpool_name_thread($0) }
  }
}

/// The file system with what the kernel says of processes.
package enum ProcessFolder {
  /// Whether it is not there, as in a bare `chroot`.
  package static var isMissing: Bool { access("/proc/self", F_OK) != 0 }

  /// What to do about that.
  package static let advice =
    "/proc is not mounted here, and a program starts itself as /proc/self/exe: mount it (`mount -t proc proc /proc`), or "
    + "name a worker executable by its absolute path"
}
