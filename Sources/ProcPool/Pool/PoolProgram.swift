import Glibc
import ProcPoolSystem
import ProcPoolWorker

/// A program that serves as its own worker.
///
///     @main
///     struct Demo: PoolProgram {
///       static func run() async throws {
///         try await withPool { pool in … }
///       }
///     }
///
/// Started by a pool the program serves; started otherwise it runs ``run()``, exits with 0 when that returns,
/// and with 1 and the error on standard error when it throws: its `errorDescription` if it is a `LocalizedError`
/// that has one, or else its description.
public protocol PoolProgram: SendableMetatype {
  /// The program proper.
  @MainActor static func run() async throws
}

extension PoolProgram {
  /// Synchronous because an asynchronous main would cost each worker three threads and 2.5 ms.
  public static func main() {
    serveIfWorker()
    let mainQueue = MainQueue()
    Task { @MainActor in
      do {
        try await run()
        exit(0)
      } catch {
        ErrorStream.writeLastLine(
          "error: \(LocalizedDescription.words(for: error).visible(keepingLines: true))")
        exit(1)
      }
    }
    mainQueue.run()
  }
}
