/// Inputs that are kept in the coordinator until their results are yielded.
///
/// Used by one consumer at a time.
final class KeptInputs<Input> {
  // Keyed by item, because results may be out of order: a queue would grow behind a long item.
  private var inputs: [UInt64: Input] = [:]
  private var next: UInt64 = 0

  /// Keeps the inputs of the next items.
  func append(_ inputs: some Sequence<Input>) {
    for input in inputs {
      self.inputs[next] = input
      next += 1
    }
  }

  /// Returns and removes the input of an item, which must be present.
  func take(_ item: UInt64) -> Input { inputs.removeValue(forKey: item)! }
}

extension CallInputs {
  /// Returns the same inputs, each of which is kept when it is taken.
  func kept(in kept: KeptInputs<Input>) -> CallInputs {
    CallInputs(count: count, array: array) {
      let pull = begin()
      return { memory, count, slice in
        let taken = pull(memory, count, slice)
        kept.append(UnsafeBufferPointer(start: memory, count: taken.count))
        return taken
      }
    }
  }
}

extension StreamElements {
  /// The result of each item, with its input.
  static func items<Input>(_ kept: KeptInputs<Input>) -> Self where Element == ItemResult<Input, Output> {
    StreamElements(
      outputs: { first, outputs in
        outputs.enumerated().map { offset, output in
          let item = first + UInt64(offset)
          return ItemResult(index: Int(item), input: kept.take(item), result: .success(output))
        }
      },
      failure: { item, error in
        ItemResult(index: Int(item), input: kept.take(item), result: .failure(error))
      })
  }
}
