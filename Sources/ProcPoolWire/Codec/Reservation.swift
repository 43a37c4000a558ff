/// How much memory may be reserved for elements that a message announces, before any of them has been seen.
///
/// Four times the bytes of the message and a kilobyte, for all of its arrays together: an element may take more
/// memory than bytes in the message, but arrays within arrays all announce the same bytes. A limit for each
/// would let a message of a megabyte, nested a thousand levels deep, claim gigabytes. What is not reserved is
/// obtained as elements come.
@usableFromInline
package enum Reservation {
  /// What may be reserved while `bytes` bytes are read.
  @inlinable
  package static func limit(_ bytes: Int) -> Int { bytes &* 4 &+ 1024 }

  /// Takes memory for up to `count` elements from what may still be reserved, and returns for how many.
  @inlinable
  package static func take<Element>(_ count: Int, of _: Element.Type, from rest: inout Int) -> Int {
    let granted = min(count, rest / MemoryLayout<Element>.stride)
    rest &-= granted &* MemoryLayout<Element>.stride
    return granted
  }
}
