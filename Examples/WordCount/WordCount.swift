// Counts the words of a text. The workers count the words of each line and add up the counts.

import ProcPool

struct CountWords: ReducingTask {
  func run(_ line: String) -> [String: Int] {
    let words = line.lowercased().split { !$0.isLetter }.map(String.init)
    return Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +)
  }

  func combine(_ next: [String: Int], into total: inout [String: Int]) {
    total.merge(next, uniquingKeysWith: +)
  }
}

@main
struct WordCount: PoolProgram {
  static func run() async throws {
    let text = """
      Under the wide and starry sky,
      Dig the grave and let me lie.
      Glad did I live and gladly die,
      And I laid me down with a will.

      This be the verse you grave for me:
      Here he lies where he longed to be;
      Home is the sailor, home from sea,
      And the hunter home from the hill.
      """  // Robert Louis Stevenson, Requiem, 1887
    let lines = text.split(separator: "\n").map(String.init)
    let counts = try await withPool(workers: 2) { pool in
      try await pool.mapReduce(CountWords(), over: lines, startingWith: [:])
    }
    let most = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    for (word, count) in most.prefix(4) { print("\(count) × \(word)") }
  }
}
