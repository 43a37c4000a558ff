/// The inputs of a call, whatever sequence they come from.
///
/// The loop over the elements is compiled in the caller's module, where the type of the sequence is
/// known; the rest of a call is compiled once for all sequences. An item of a range took the caller
/// 200 ns when all of it was compiled here, and takes 15 ns now (`imap`, chunks of 64).
@usableFromInline
struct CallInputs<Input> {
  /// Moves up to a number of elements into uninitialised memory, and returns their number and
  /// whether the sequence has ended. There are fewer only at the end or when the time slice is
  /// over, but at least one unless there are none.
  @usableFromInline typealias Pull = (UnsafeMutablePointer<Input>, Int, TimeSlice) -> (
    count: Int, isExhausted: Bool
  )

  /// Begins an iteration over the elements.
  let begin: () -> Pull
  /// The number of elements according to the collection, if it is known in constant time. It is an
  /// estimate for the size of chunks and never determines the size of memory, because a collection
  /// may be wrong.
  let count: Int?
  /// The elements, if they are an array.
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
  /// The reason why no more elements were taken.
  enum Stop {
    /// The requested number was taken.
    case satisfied
    /// The sequence has ended.
    case exhausted
    /// The time slice is over, or the destination has no room.
    case early
  }

  /// Takes up to `count` elements, in pieces of at most `most`.
  ///
  /// - Parameters:
  ///   - slice: when to stop; at least one element is taken.
  ///   - body: consumes a piece, and returns whether there is room for more.
  /// - Returns: the number of elements that were not taken, and the reason.
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

/// Whether the sequence is of the standard library and computes nothing. None of its elements can
/// take long, so the clock need not be checked between them.
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

/// The number of elements, if the sequence knows it in constant time; `Int.max` if it exceeds the
/// range of `Int`.
@usableFromInline
func knownCount<Inputs: Sequence>(of inputs: Inputs) -> Int? {
  /// `0...Int.max` has one element more than `Int` can represent, and its `count` would trap.
  func count<Elements: RandomAccessCollection>(of elements: Elements) -> Int? {
    guard let first = elements.startIndex as? Int, let end = elements.endIndex as? Int else {
      return (elements as? any IntegerRange).map { $0.knownCount ?? .max }
    }
    let (count, overflow) = end.subtractingReportingOverflow(first)
    return end < first ? nil : overflow ? .max : count
  }
  // Only random-access collections: others would iterate over all of their elements, possibly
  // endlessly.
  return (inputs as? any RandomAccessCollection).flatMap { count(of: $0) }
}

/// Integer ranges, whose number of elements may exceed the range of `Int`.
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

/// The distance from one integer to a larger one, which may exceed the range of a signed type.
private func integerDistance<Bound: FixedWidthInteger>(from lower: Bound, to upper: Bound) -> Int? {
  Int(exactly: Bound.Magnitude(truncatingIfNeeded: upper &- lower))
}
