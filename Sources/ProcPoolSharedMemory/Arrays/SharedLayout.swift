import ProcPoolSystem

/// The layout of elements in a block.
enum SharedLayout {
  /// The number of bytes of `count` elements; `Int.max` if it overflows, so that the allocation
  /// fails.
  static func bytes<Element: BitwiseCopyable>(_ count: Int, _: Element.Type, after lead: Int = 0) -> Int {
    require(count >= 0, "\(count) elements cannot be shared")
    require(
      MemoryLayout<Element>.alignment <= BlockHeader.size && MemoryLayout<Element>.stride <= UInt32.max,
      "elements of type \(Element.self) cannot be shared: their alignment or size is too large")
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let (all, isTooLong) = bytes.addingReportingOverflow(lead)
    return overflow || isTooLong ? .max : all
  }

  /// Checks that a block holds elements of the given type.
  ///
  /// - Parameter lead: the number of bytes before the elements.
  /// - Throws: ``SharedMemoryError/mismatched(_:)`` if the block holds elements of another size.
  static func check<Element: BitwiseCopyable>(
    _ block: SharedBlock, holds _: Element.Type, after lead: Int
  ) throws(SharedMemoryError) {
    let stride = MemoryLayout<Element>.stride
    guard block.stride == stride, block.byteCount >= lead, (block.byteCount - lead) % stride == 0 else {
      throw .mismatched("its elements take \(block.stride) bytes each, and \(Element.self) takes \(stride)")
    }
  }

  /// Copies a collection, whose number of elements must match its `count`.
  static func copy<Element: BitwiseCopyable>(
    _ elements: some Collection<Element>, to target: UnsafeMutableBufferPointer<Element>
  ) {
    var (rest, written) = target.initialize(from: elements)
    require(
      written == target.count && rest.next() == nil, "a collection has other elements than its count says")
  }
}
