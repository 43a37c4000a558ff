extension SharedBlock {
  /// The files of memory that blocks lie in and that this process has open, each once: those that it has made or was
  /// lent. The numbers are valid as long as the blocks live.
  package static func files(of blocks: [SharedBlock]) -> [Int32] {
    var numbers: [Int32] = []
    for block in blocks {
      if let number = block.region.fileNumber, !numbers.contains(number) { numbers.append(number) }
    }
    return numbers
  }
}
