import struct Foundation.Data
import class Foundation.FileHandle
import class Foundation.FileManager
import class Foundation.Process
import class Foundation.Thread
import struct Foundation.URL
import struct Foundation.UUID

/// The repository, and what has been built of it.
enum Place {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Where the test runner lies, and what it was linked from.
  static let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// The files in a folder and below it, in order.
  static func files(below folder: String, _ ending: String) -> [String] {
    let found = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
    return (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(ending) }.map {
      "\(folder)/\($0)"
    }.sorted()
  }

  static func text(of file: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
  }
}

/// Runs a program to its end, for five minutes at the most.
///
/// On a thread of its own: those of Swift tasks are as many as processors, for all tests, and one that has started a
/// process keeps a run loop with a descriptor, which tests that look for what is left would find.
///
/// - Parameter log: where its output is kept meanwhile; by default the folder that it runs in.
func run(_ arguments: [String], in folder: URL, log: URL? = nil) async throws -> (
  status: Int32, output: String
) {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try runAndWait(arguments, in: folder, log: log ?? folder) }) }
      .start()
  }
}

private func runAndWait(
  _ arguments: [String], in folder: URL, log place: URL
) throws -> (status: Int32, output: String) {
  let log = place.appendingPathComponent("output-\(UUID().uuidString)")
  try Data().write(to: log)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["timeout", "300"] + arguments
  process.currentDirectoryURL = folder
  let handle = try FileHandle(forWritingTo: log)
  process.standardOutput = handle
  process.standardError = handle
  try process.run()
  process.waitUntilExit()
  return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
}

func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "procpool-docs-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// What a compiler needs to find what has been built.
enum Compiler {
  /// The language, and where the modules lie.
  static var arguments: [String] {
    let shims = Place.root.appendingPathComponent("Sources/CProcPoolShims/include").path
    return [
      "-swift-version", "6", "-I", Place.built.appendingPathComponent("Modules").path, "-Xcc",
      "-fmodule-map-file=\(Place.built.appendingPathComponent("CProcPoolShims.build/module.modulemap").path)",
      "-Xcc", "-I\(shims)",
    ]
  }

  /// What is linked into a program that uses the library.
  static var objects: [String] {
    let modules = [
      "ProcPool", "ProcPoolFoundation", "ProcPoolWorker", "ProcPoolProtocol", "ProcPoolSharedMemory",
      "ProcPoolWire",
      "ProcPoolSystem",
      "CProcPoolShims",
    ]
    // Those of sources that are there: an older build may have left others.
    return modules.flatMap { module in
      let sources = Set(
        Place.files(below: "Sources/\(module)", "").map { $0.split(separator: "/").last! + ".o" })
      let folder = Place.built.appendingPathComponent("\(module).build").path
      return (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
        .filter { sources.contains($0.split(separator: "/").last ?? "") }.map { "\(folder)/\($0)" }
    }
  }
}
