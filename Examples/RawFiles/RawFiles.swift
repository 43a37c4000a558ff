// The means of a hundred files of readings. One file cannot be parsed: the others are processed, and the error has the
// line.

import Foundation
import ProcPool

struct Unreadable: Error, Codable {
  var line: Int
}

struct Mean: PoolTask {
  func run(_ path: String) throws -> Double {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var sum = 0.0
    for (number, line) in lines.enumerated() {
      guard let value = Double(line) else { throw Unreadable(line: number + 1) }
      sum += value
    }
    return sum / Double(lines.count)
  }
}

@main
struct RawFiles: PoolProgram {
  static func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "procpool-raw-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = try (0..<100).map { number in
      let lines = (0..<1000).map { number == 42 && $0 == 17 ? "n/a" : "\(number * 1000 + $0)" }
      let path = folder.appendingPathComponent("\(number).txt").path
      try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }

    try await withPool(workers: 4) { pool in
      let results = await pool.mapResults(Mean(), over: paths)
      let means = results.compactMap { try? $0.get() }
      print("\(means.count) files; the first means: \(means.prefix(3))")
      for (path, result) in zip(paths, results) {
        // A Codable error arrives with its own type.
        if case .failure(.taskFailed(let failure)) = result, let error = failure.underlying as? Unreadable {
          print("\(URL(fileURLWithPath: path).lastPathComponent) cannot be parsed at line \(error.line)")
        }
      }
    }
  }
}
