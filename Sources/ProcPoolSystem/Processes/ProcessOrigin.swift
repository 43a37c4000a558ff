import CProcPoolShims
import Glibc
import Synchronization

/// Tells this process from copies of it that are made with `fork`, at the cost of reading a word.
///
/// A copy has the memory of what it is a copy of, and none of its threads.
package enum ProcessOrigin {
  /// A number that is this process's, and no copy's.
  package static var current: Int32 {
    guard let word else { return getpid() }
    let number = word.pointee.load(ordering: .relaxed)
    if number != 0 { return number }
    word.pointee.store(getpid(), ordering: .relaxed)
    return getpid()
  }

  /// The process that has begun to use what no copy can: threads, and locks that know them by number. 0 until then.
  private static let user = Atomic<Int32>(0)

  /// Notes that this process uses threads and locks from now on.
  ///
  /// - Returns: the process that did, and of which this one is a copy; `nil` if this one may.
  package static func claim() -> Int32? {
    let own = current
    let (_, user) = user.compareExchange(expected: 0, desired: own, ordering: .relaxed)
    return user == 0 || user == own ? nil : user
  }

  /// A word that the kernel zeroes in forked copies (`MADV_WIPEONFORK`, since Linux 4.14); `nil` if it cannot.
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
