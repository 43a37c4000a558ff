/// The inputs of a call, whatever sequence they come from.
///
/// The loop over the elements is compiled where the sequence's type is known, in the caller's module, and the
/// rest of a call once for all sequences. An item of a range took the caller 200 ns when all of it was
/// compiled here, and takes 15 (`imap`, chunks of 64).
@usableFromInline
struct CallInputs<Input> {
  /// Puts up to so many elements into memory that holds none, and says how many, and whether there are no more:
  /// fewer only at the end or when the time is up, and one at least unless there are none.
  @usableFromInline typealias Pull = (UnsafeMutablePointer<Input>, Int, TimeSlice) -> (
    count: Int, isExhausted: Bool
  )

  /// Begins to go through the elements.
  let begin: () -> Pull
  /// How many there are by the collection's word, where that is known at once: an estimate that a collection
  /// may get wrong, for the sizes of chunks, and never for memory that is written.
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
      if isPrompt(inputs) {
        return { memory, count, _ in
          var taken = 0
          while taken < count, let input = iterator.next() {
            (memory + taken).initialize(to: input)
            taken &+= 1
          }
          return (taken, taken < count)
        }
      }
      return { memory, count, slice in
        var taken = 0
        while let input = iterator.next() {
          (memory + taken).initialize(to: input)
          taken &+= 1
          if taken == count || slice.isOver { return (taken, false) }
        }
        return (taken, true)
      }
    }
  }
}

extension CallInputs {
  /// Why no more elements were taken.
  enum Stop {
    /// There are as many as were wanted.
    case satisfied
    /// There are no more.
    case exhausted
    /// The time is up, or what they are for has no room.
    case early
  }

  /// Takes up to `count` elements, and hands them on in pieces of `most` at the most.
  ///
  /// - Parameters:
  ///   - slice: when to stop; one element is taken in any case.
  ///   - body: gets some, and says whether it has room for more.
  /// - Returns: how many were not taken, and why.
  static func take(
    _ count: Int, atOnce most: Int, from pull: Pull, until slice: TimeSlice,
    _ body: (UnsafeMutableBufferPointer<Input>) -> Bool
  ) -> (left: Int, stop: Stop) {
    var left = count
    var stop = Stop.satisfied
    withUnsafeTemporaryAllocation(of: Input.self, capacity: min(most, count)) { memory in
      while left > 0, stop == .satisfied {
        let (count, isExhausted) = pull(memory.baseAddress!, min(left, memory.count), slice)
        let taken = UnsafeMutableBufferPointer(rebasing: memory[..<count])
        let hasRoom = taken.isEmpty || body(taken)
        taken.deinitialize()
        left -= count
        if isExhausted {
          stop = .exhausted
        } else if left > 0, !hasRoom || slice.isOver {
          stop = .early
        }
      }
    }
    return (left, stop)
  }
}

/// Whether the sequence is one of the standard library's that compute nothing: none of its elements can take
/// long, and the clock need not be looked at between them.
@usableFromInline
func isPrompt<Inputs: Sequence>(_ inputs: Inputs) -> Bool { inputs is any PromptSequence }

private protocol PromptSequence {}
extension Array: PromptSequence {}
extension ArraySlice: PromptSequence {}
extension ContiguousArray: PromptSequence {}
extension Repeated: PromptSequence {}
extension Range: PromptSequence where Bound: FixedWidthInteger {}
extension ClosedRange: PromptSequence where Bound: FixedWidthInteger {}
extension PartialRangeFrom: PromptSequence where Bound: FixedWidthInteger {}
extension StrideTo: PromptSequence {}
extension StrideThrough: PromptSequence {}

/// How many elements there are, where the sequence knows that at once; `Int.max` where there are more than an
/// `Int` can count.
@usableFromInline
func knownCount<Inputs: Sequence>(of inputs: Inputs) -> Int? {
  /// `0...Int.max` has one more than `Int` can count, and its `count` would trap.
  func count<Elements: RandomAccessCollection>(of elements: Elements) -> Int? {
    guard let first = elements.startIndex as? Int, let end = elements.endIndex as? Int else {
      return (elements as? any IntegerRange).map { $0.knownCount ?? .max }
    }
    let (count, overflow) = end.subtractingReportingOverflow(first)
    return end < first ? nil : overflow ? .max : count
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
