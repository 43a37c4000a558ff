import CProcPoolShims
import Glibc
import Synchronization

/// Distinguishes this process from copies of it that `fork` has created, at the cost of reading a
/// word.
///
/// A copy has the memory of the original, but none of its threads.
package enum ProcessOrigin {
  /// The process ID, which differs in copies.
  package static var current: Int32 {
    guard let word else { return getpid() }
    let number = word.pointee.load(ordering: .relaxed)
    if number != 0 { return number }
    word.pointee.store(getpid(), ordering: .relaxed)
    return getpid()
  }

  /// The process that uses threads and locks, which do not work in copies; 0 before the first use.
  private static let user = Atomic<Int32>(0)

  /// Notes that this process uses threads and locks from now on.
  ///
  /// - Returns: `nil` if it may; if it is a copy of a process that already used them, the ID of
  ///   that process.
  package static func claim() -> Int32? {
    let own = current
    let (_, user) = user.compareExchange(expected: 0, desired: own, ordering: .relaxed)
    return user == 0 || user == own ? nil : user
  }

  /// A word that the kernel zeroes in forked copies (`MADV_WIPEONFORK`, since Linux 4.14); `nil` if
  /// that is not supported.
  // Safety: the memory is never freed, and all access is atomic.
  nonisolated(unsafe) private static let word: UnsafeMutablePointer<Atomic<Int32>>? = {
    let count = SharedMapping.pageSize
    let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else { return nil }
    guard procpool_wipe_in_copies(address, count) == 0 else {
      munmap(address, count)
      return nil
    }
    let word = address.bindMemory(to: Atomic<Int32>.self, capacity: 1)
    word.initialize(to: Atomic(0))
    return word
  }()
}
