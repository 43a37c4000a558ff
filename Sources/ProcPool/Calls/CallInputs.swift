/// The inputs of a call, whatever sequence they come from.
///
/// The loop over the elements is compiled where the sequence's type is known, in the caller's module, and the
/// rest of a call once for all sequences. An item of a range took the caller 200 ns when all of it was
/// compiled here, and takes 15 (`imap`, chunks of 64).
@usableFromInline
struct CallInputs<Input> {
  /// Puts up to so many elements into memory that holds none, and says how many: fewer only at the end.
  @usableFromInline typealias Pull = (UnsafeMutablePointer<Input>, Int) -> Int

  /// Begins to go through the elements.
  let begin: () -> Pull
  /// How many there are, where that is known at once.
  let count: Int?
  /// The elements, where they are an array.
  let array: [Input]?

  @usableFromInline
  init(count: Int?, array: [Input]?, begin: @escaping () -> Pull) {
    self.count = count
    self.array = array
    self.begin = begin
  }

  @inlinable
  init<Inputs: Sequence<Input>>(_ inputs: Inputs) {
    self.init(count: knownCount(of: inputs), array: inputs as? [Input]) {
      var iterator = inputs.makeIterator()
      return { memory, count in
        var taken = 0
        while taken < count, let input = iterator.next() {
          (memory + taken).initialize(to: input)
          taken &+= 1
        }
        return taken
      }
    }
  }
}

extension CallInputs {
  /// Takes up to `count` elements, and hands them on in pieces of `most` at the most.
  ///
  /// - Parameter body: gets some, and says whether it wants more.
  /// - Returns: how many were not taken, and whether that is because there are no more.
  static func take(
    _ count: Int, atOnce most: Int, from pull: Pull, _ body: (UnsafeMutableBufferPointer<Input>) -> Bool
  ) -> (left: Int, isExhausted: Bool) {
    var left = count
    var isExhausted = false
    var wantsMore = true
    withUnsafeTemporaryAllocation(of: Input.self, capacity: min(most, count)) { memory in
      while left > 0, wantsMore, !isExhausted {
        let wanted = min(left, memory.count)
        let taken = UnsafeMutableBufferPointer(rebasing: memory[..<pull(memory.baseAddress!, wanted)])
        if !taken.isEmpty { wantsMore = body(taken) }
        taken.deinitialize()
        left -= taken.count
        isExhausted = taken.count < wanted
      }
    }
    return (left, isExhausted)
  }
}

/// How many elements there are, where the sequence knows that at once, and where it is a number.
@usableFromInline
func knownCount<Inputs: Sequence>(of inputs: Inputs) -> Int? {
  /// `0...Int.max` has one more than `Int` can count, and its `count` would trap.
  func count<Elements: RandomAccessCollection>(of elements: Elements) -> Int? {
    guard let first = elements.startIndex as? Int, let end = elements.endIndex as? Int else {
      return (elements as? any IntegerRange)?.knownCount
    }
    let (count, overflow) = end.subtractingReportingOverflow(first)
    return overflow ? nil : count
  }
  // Only these: others would go through all their elements for it, which may be endless.
  return (inputs as? any RandomAccessCollection).flatMap { count(of: $0) }
}

/// Ranges of integers whose elements may be more than can be counted.
private protocol IntegerRange {
  var knownCount: Int? { get }
}

extension Range: IntegerRange where Bound: FixedWidthInteger {
  var knownCount: Int? { integerDistance(from: lowerBound, to: upperBound) }
}

extension ClosedRange: IntegerRange where Bound: FixedWidthInteger {
  var knownCount: Int? {
    guard let distance = integerDistance(from: lowerBound, to: upperBound), distance < .max else {
      return nil
    }
    return distance + 1
  }
}

/// How far it is from one integer to a larger one: more than the type itself can say, where it is signed.
private func integerDistance<Bound: FixedWidthInteger>(from lower: Bound, to upper: Bound) -> Int? {
  Int(exactly: Bound.Magnitude(truncatingIfNeeded: upper &- lower))
}
