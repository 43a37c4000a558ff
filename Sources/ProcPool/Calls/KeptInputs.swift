/// Inputs that are kept in the coordinator until their results are yielded.
///
/// Used by one consumer at a time.
final class KeptInputs<Input> {
  // By item, because results need not arrive in order: a queue would grow behind an item that takes long.
  private var inputs: [UInt64: Input] = [:]
  private var next: UInt64 = 0

  /// Keeps the inputs of the items that follow.
  func append(_ inputs: some Sequence<Input>) {
    for input in inputs {
      self.inputs[next] = input
      next += 1
    }
  }

  /// Stops keeping an item's input, which was kept and has not been taken.
  func take(_ item: UInt64) -> Input { inputs.removeValue(forKey: item)! }
}

extension CallInputs {
  /// The same inputs, each of which is kept when it is taken.
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
  /// What became of each item, with its input.
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
