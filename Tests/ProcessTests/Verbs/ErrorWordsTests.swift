import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Verbs {
  /// Errors arrive with the words that they have for people, and say why they do not arrive themselves.
  @Suite struct ErrorWords {
    private func failure(_ input: Int, on pool: Pool) async throws -> (failure: TaskFailure, text: String) {
      let error = try await poolError { try await pool.apply(ThrowKinds(), to: input) }
      guard case .taskFailed(let failure) = error else { throw error }
      #expect(error.localizedDescription == "\(error)")
      return (failure, "\(error)")
    }

    @Test(arguments: Kind.allCases) func aLocalizedErrorArrivesWithItsDescription(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let (failure, text) = try await failure(0, on: pool)
        #expect(failure.message == "Sorry: the dog ate it.")
        #expect(failure.typeName == "FaultyTasks.Excuse")
        #expect(text == "item 0 of call 1 failed in worker 0: FaultyTasks.Excuse: Sorry: the dog ate it.")
        #expect(failure.localizedDescription == text)
        #expect(failure.underlying == nil && failure.underlyingFailure == "its type is not Codable")
      }
    }

    @Test(arguments: Kind.allCases) func aPrivateTypeHasTheSameNameInEveryRun(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let (secret, text) = try await failure(1, on: pool)
        #expect(secret.typeName == "FaultyTasks.Secret")
        #expect(secret.underlying == nil)
        #expect(secret.underlyingFailure?.contains("private") == true)
        #expect(text.contains("(the error itself did not arrive: its type is private"))
        let (local, _) = try await failure(2, on: pool)
        #expect(local.typeName == "FaultyTasks.ThrowKinds.Local")
        #expect(local.message == "lost")
        #expect(local.underlyingFailure == "its type is not Codable")
      }
    }

    @Test(arguments: Kind.allCases) func whyAnErrorDidNotArriveIsSaid(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { pool in
        let (unspeakable, _) = try await failure(3, on: pool)
        #expect(unspeakable.underlying == nil)
        #expect(unspeakable.underlyingFailure == "it cannot be encoded: Sorry: no words.")
        let (mishap, text) = try await failure(4, on: pool)
        #expect(mishap.message == "no use for 4" && text.hasSuffix("FaultyTasks.Mishap: no use for 4"))
        let (misfit, _) = try await failure(5, on: pool)
        #expect(misfit.underlying as? Misfit == Misfit(value: 5) && misfit.underlyingFailure == nil)
      }
    }

    @Test func errorsOfInputsHaveTheirWordsToo() async throws {
      try await withPool(workers: 1, worker: .threads) { pool in
        let error = try await poolError { try await pool.apply(TakeShy(), to: Shy()) }
        guard case .notCodable(let failure) = error else { throw error }
        #expect(failure.message == "Sorry: too shy.")
        #expect(
          error.localizedDescription == "the input of item 0 of call 1 could not be encoded: Sorry: too shy.")
      }
    }
  }
}

struct Shy: Codable, Sendable {
  func encode(to encoder: any Encoder) throws { throw Excuse("too shy") }
}

struct TakeShy: PoolTask {
  func run(_ input: Shy) {}

  /// What a task has thrown is found by its type.
  @Suite struct CausesOfErrors {
    @Test(arguments: Kind.allCases) func aTasksErrorIsCaughtAsItself(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        await #expect(throws: Misfit(value: 7)) {
          try await rethrowingTaskErrors { try await pool.map(ThrowAt([7]), over: 0..<10) }
        }
        let error = try await poolError { try await pool.map(ThrowAt([7]), over: 0..<10) }
        #expect(error.cause(as: Misfit.self) == Misfit(value: 7))
        #expect(error.cause(as: CancellationError.self) == nil)
        #expect(error.item?.index == 7)
        #expect(try await rethrowingTaskErrors { try await pool.apply(Echo(), to: 3) } == 3)
      }
    }

    @Test func anErrorThatDidNotArriveIsStillInItsPoolError() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let error = try await poolError {
          try await rethrowingTaskErrors { try await pool.apply(ThrowAt([5], isCodable: false), to: 5) }
        }
        guard case .taskFailed = error else { throw error }
        #expect(error.cause(as: Misfit.self) == nil)
        let lost = try await poolError {
          try await rethrowingTaskErrors { try await pool.apply(DieAt([0], by: .exit(1)), to: 0) }
        }
        #expect(lost.item?.index == 0 && lost.loss != nil)
      }
    }
  }
}
