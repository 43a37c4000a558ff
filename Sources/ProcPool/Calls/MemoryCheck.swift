import ProcPoolSystem

/// Checks whether the values that a call has to keep fit in memory, according to the count of its
/// inputs' collection.
enum MemoryCheck {
  /// The number of bytes up to which the machine is not queried, because that takes about 10 µs:
  /// one gibibyte, which any 64-bit machine can at least address.
  private static let unchecked = 1 << 30

  /// Refuses to keep a value per input if they cannot fit, before any item is run.
  ///
  /// - Parameters:
  ///   - count: the number of inputs, if it is known.
  ///   - what: the kind of values, in the plural.
  /// - Returns: the number of values to reserve memory for: the known count, or 0 if the machine
  ///   has too little available memory at the moment.
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

  /// Refuses parts of a reduction that do not fit in memory. A part is sent as a whole.
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

  /// The memory in bytes that this process could have, if `count` values exceed it; otherwise
  /// `nil`.
  private static func tooSmallCapacity(for count: Int, stride: Int) -> Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
    if !overflow, bytes <= unchecked { return nil }
    let capacity = MemoryCapacity.total()
    return overflow || bytes > capacity ? capacity : nil
  }
}
