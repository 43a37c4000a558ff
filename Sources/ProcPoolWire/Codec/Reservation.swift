/// The limit on the memory that is reserved for the elements that a message announces, before any
/// of them has been read.
///
/// The limit is four times the size of the message plus one kilobyte, for all arrays of the message
/// together. An element may need more memory than bytes in the message, but nested arrays all
/// announce the same bytes: with a limit per array, a message of a megabyte with a thousand levels
/// could claim gigabytes. Memory beyond the limit is allocated as elements are read.
@usableFromInline
package enum Reservation {
  /// The number of bytes that may be reserved for a message of `bytes` bytes.
  @inlinable
  package static func limit(_ bytes: Int) -> Int { bytes &* 4 &+ 1024 }

  /// Takes memory for up to `count` elements from the remaining limit.
  ///
  /// - Returns: the number of elements for which memory may be reserved.
  @inlinable
  package static func take<Element>(_ count: Int, of _: Element.Type, from rest: inout Int) -> Int {
    let granted = min(count, rest / MemoryLayout<Element>.stride)
    rest &-= granted &* MemoryLayout<Element>.stride
    return granted
  }
}
