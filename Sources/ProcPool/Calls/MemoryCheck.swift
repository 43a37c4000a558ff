import ProcPoolSystem

/// Whether memory could hold what a call has to keep, by the word of its inputs' collection.
enum MemoryCheck {
  /// Up to this number of bytes the machine is not queried, which takes some 10 µs: one gibibyte, which any 64-bit
  /// machine can at least address.
  private static let unchecked = 1 << 30

  /// Refuses to keep a value for each input where that cannot fit, before anything is run.
  ///
  /// - Parameters:
  ///   - count: how many inputs there are, where that is known.
  ///   - what: what is kept of each, in the plural.
  /// - Returns: how many values to ask memory for at once: all that are known of, or none if the machine has
  ///   not that much left at the moment.
  /// - Throws: ``PoolError/tooManyInputs(_:)``.
  @discardableResult
  static func requireRoom<Value>(for count: Int?, of _: Value.Type, what: String) throws(PoolError) -> Int {
    guard let count else { return 0 }
    let stride = MemoryLayout<Value>.stride
    guard let capacity = tooSmallCapacity(for: count, stride: stride) else {
      return count * stride <= unchecked || MemoryAllowance.available() ?? .max >= count * stride ? count : 0
    }
    throw .tooManyInputs(
      "\(what) of \(stride) bytes each for \(count) inputs do not fit in the \(capacity) bytes of memory that this "
        + "process can ever have; use `imap` or `forEach`, which do not keep them all, or `mapReduce` over a range"
    )
  }

  /// Refuses parts of a reduction that cannot be gathered in memory, each of which travels as a whole.
  ///
  /// - Throws: ``PoolError/tooManyInputs(_:)``.
  static func requireRoom<Input>(forPartOf count: Int, _: Input.Type) throws(PoolError) {
    let stride = MemoryLayout<Input>.stride
    guard let capacity = tooSmallCapacity(for: count, stride: stride) else { return }
    throw .tooManyInputs(
      "a part of \(count) inputs of \(stride) bytes each does not fit in the \(capacity) bytes of memory that this "
        + "process can ever have; pass more `parts:`, or a range of integers, of which only the bounds are sent"
    )
  }

  /// The bytes that this process could have, if so many values take more; else `nil`.
  private static func tooSmallCapacity(for count: Int, stride: Int) -> Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
    if !overflow, bytes <= unchecked { return nil }
    let capacity = MemoryCapacity.total()
    return overflow || bytes > capacity ? capacity : nil
  }
}
