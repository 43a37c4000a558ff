import FaultyTasks
import Glibc
import Testing

extension Processes.Deaths {
  /// When the coordinator ends, in whatever way, its workers do within a second.
  @Suite struct Watchdogs {
    @Test(arguments: ["busy", "sleeping", "idle"])
    func workersEndWithinASecondOfTheirKilledCoordinator(_ work: String) async throws {
      let coordinator = try Coordinator(work)
      #expect(coordinator.workers.allSatisfy(Inspection.isRunning))
      let (status, errors, delay) = await coordinator.end(by: SIGKILL)
      #expect(status == SIGKILL)
      #expect(delay < .seconds(1))
      #expect(errors == "")
    }

    @Test(arguments: ["busy", "sleeping", "idle"])
    func workersEndThoughACopyOfTheCoordinatorHoldsThePipes(_ work: String) async throws {
      let coordinator = try Coordinator(work, "fork")
      #expect(coordinator.fork > 0)
      let (status, errors, delay) = await coordinator.end(by: SIGKILL)
      #expect(status == SIGKILL)
      #expect(delay < .seconds(1))
      #expect(errors == "")
    }

    @Test(arguments: ["busy", "idle"], [SIGINT, SIGTERM, SIGHUP])
    func anInterruptEndsTheCoordinatorAndItsWorkersQuietly(_ work: String, _ signal: Int32) async throws {
      let coordinator = try Coordinator(work)
      // As a terminal does it: to the coordinator's process group, in which its workers are not.
      let (status, errors, delay) = await coordinator.end(by: signal, toGroup: true)
      #expect(status & 0x7F == signal)
      #expect(delay < .seconds(1))
      #expect(errors == "")
    }
  }
}
