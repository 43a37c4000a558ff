import FaultyTasks
import ProcPool
import Testing

@Suite struct MainActorProcesses {
  @Test(.timeLimit(.minutes(1))) func aPoolMapsInRealProcesses() async throws {
    let outputs = try await withPool(workers: 2, worker: .executable(named: "FaultyWorker")) { pool in
      try await pool.map(Echo(), over: 0..<1000)
    }
    #expect(outputs == Array(0..<1000))
  }
}
