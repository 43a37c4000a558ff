import Foundation
import ProcPoolProtocol
import Testing

@testable import ProcPool

@Suite struct EventsAreEncodedAsFlatObjects {
  private static let worker = WorkerID(index: 3)
  private static let item = ItemID(call: 2, index: 7)
  private static let loss = WorkerLoss(
    worker: worker, pid: 4711, end: .signalled(9), cause: .timeLimit, peakMemory: 1 << 20,
    standardError: "last words")

  private func object(_ kind: PoolEvent.Kind) throws -> NSDictionary {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(PoolEvent(kind)))
    let event = try #require(object as? [String: Any])
    let time = try #require(event["time"] as? Double)
    #expect(abs(time - Date.now.timeIntervalSince1970) < 60)
    return event.filter { $0.key != "time" } as NSDictionary
  }

  @Test(
    arguments: [
      (
        .workerStarted(worker, pid: 4711),
        ["event": "workerStarted", "worker": 3, "pid": 4711]
      ),
      (
        .workerFailedToStart(worker, WorkerStartFailure("no", standardError: "why")),
        [
          "event": "workerFailedToStart", "worker": 3, "failure": ["message": "no", "standardError": "why"],
        ]
      ),
      (
        .workerLost(loss, item: item),
        [
          "event": "workerLost", "worker": 3, "item": ["call": 2, "index": 7],
          "loss": [
            "worker": 3, "pid": 4711, "end": "signal 9 (SIGKILL)",
            "cause": "because its item exceeded its time limit",
            "peakMemory": 1 << 20, "standardError": "last words",
          ] as [String: any Sendable],
        ]
      ),
      (.workerRecycled(worker, .memory), ["event": "workerRecycled", "worker": 3, "reason": "memory"]),
      (
        .itemRetried(item, attempt: 2),
        ["event": "itemRetried", "item": ["call": 2, "index": 7], "attempt": 2]
      ),
      (
        .itemStalled(item, worker, elapsed: .milliseconds(1_500), stack: []),
        [
          "event": "itemStalled", "item": ["call": 2, "index": 7], "worker": 3, "elapsed": 1.5,
          "stack": [Int](),
        ]
      ),
      (
        .failed(WorkerStartFailure("no")),
        ["event": "failed", "failure": ["message": "no", "standardError": ""]]
      ),
    ] as [(PoolEvent.Kind, [String: any Sendable])])
  func events(_ kind: PoolEvent.Kind, _ expected: [String: any Sendable]) throws {
    #expect(try object(kind) == expected as NSDictionary)
  }
}
