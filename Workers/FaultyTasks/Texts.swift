import Glibc
import ProcPool

/// Prints lines, which say whose they are, and returns its input. Text that is longer than the C library's buffer
/// leaves the worker in several pieces.
package struct PrintLines: PoolTask {
  package var lines: Int
  package var word: String
  package var words: Int
  package init(lines: Int, word: String = "x", words: Int = 1) {
    self.lines = lines
    self.word = word
    self.words = words
  }

  package func run(_ input: Int) -> Int {
    for line in text(input) { print(line) }
    return input
  }

  /// What it prints for an item.
  package func text(_ input: Int) -> [String] {
    (0..<lines).map { "\(input):\($0) " + String(repeating: word, count: words) }
  }
}

/// Prints lines for some items, and then ends its worker at them.
package struct PrintAndDie: PoolTask {
  package var printing: PrintLines
  package var death: Death
  package init(_ printing: PrintLines, by death: Death) {
    self.printing = printing
    self.death = death
  }

  package func run(_ input: Int) -> Int {
    _ = printing.run(input)
    death.perform()
    return input
  }
}

/// Prints a text that does not end its line, and leaves it in the C library's buffer.
package struct PrintUnended: PoolTask {
  package var text: String
  package init(_ text: String) { self.text = text }
  package func run(_ input: Int) { print(text, terminator: "") }
}

/// Prints a text that does not end its line, and dies.
package struct PrintUnendedAndDie: PoolTask {
  package var death: Death
  /// Where it sends its standard output first.
  package var file: String?
  package init(_ death: Death, into file: String? = nil) {
    self.death = death
    self.file = file
  }

  package func run(_ text: String) -> Int {
    if let file { dup2(open(file, O_WRONLY | O_CREAT, 0o600), STDOUT_FILENO) }
    print(text, terminator: "")
    death.perform()
    return 0
  }
}

/// Writes bytes to standard error, some with each call.
package struct WriteBytes: PoolTask {
  package var piece: Int
  package init(inPiecesOf piece: Int = .max) { self.piece = piece }

  package func run(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.prefix(piece).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if written < 0 { return }
      rest = rest.dropFirst(written)
    }
  }
}

/// Writes as many bytes to standard error as its input says, without an end of the line, and dies of it.
package struct WriteAndDie: PoolTask {
  package init() {}
  package func run(_ bytes: [UInt8]) {
    WriteBytes(inPiecesOf: 1000).run(bytes)
    Death.signal(SIGKILL).perform()
  }
}

/// Closes the standard streams and opens a file in the place of each; returns their numbers.
package struct ReplaceStreams: PoolTask {
  package var path: String
  package init(by path: String) { self.path = path }

  package func run(_ input: Int) -> [Int32] {
    for number in STDIN_FILENO...STDERR_FILENO { close(number) }
    let files = (0..<3).map { _ in open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600) }
    for file in files { _ = write(file, "own\n", 4) }
    return files
  }
}
