extension SharedBlock {
  /// The descriptors of the memory files of blocks, each once, as far as this process has them open
  /// because it created them or was lent them. The numbers are valid as long as the blocks live.
  package static func files(of blocks: [SharedBlock]) -> [Int32] {
    var numbers: [Int32] = []
    for block in blocks {
      if let number = block.region.fileNumber, !numbers.contains(number) { numbers.append(number) }
    }
    return numbers
  }
}
