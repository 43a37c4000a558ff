import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Verbs {
  /// What a pool says of itself can be encoded: durations as seconds, workers as numbers.
  @Suite struct EncodedReports {
    private func object(_ value: some Encodable) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any])
    }

    private func isNear(_ value: Any?, _ duration: Duration) throws -> Bool {
      abs(try #require(value as? Double) - duration / .seconds(1)) < 1e-6
    }

    @Test func statisticsAndExplanationsAreEncoded() async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      _ = await pool.mapResults(ThrowAt([3]), over: 0..<100, chunkSize: 10)
      _ = try await pool.forEach(Delay(milliseconds: 2), over: 0..<20)
      pool.close()
      await pool.join()

      let statistics = pool.statistics
      let whole = try object(statistics)
      #expect(whole["itemsFinished"] as? UInt64 == 120)
      #expect(whole["bytesSent"] as? UInt64 == statistics.bytesSent)
      let time = try #require(whole["workers"] as? [String: Any])
      #expect(try isNear(time["running"], statistics.workers.running))
      #expect(
        Set(time.keys) == ["waiting", "reading", "decoding", "running", "encoding", "writing"])

      let call = try #require(pool.callStatistics.first)
      let first = try object(call)
      #expect(first["task"] as? String == call.task && first["call"] as? Int == 1)
      #expect(first["chunkSize"] as? Int == 10 && first["isOver"] as? Bool == true)
      #expect(first["itemsFinished"] as? Int == 100 && first["itemsFailed"] as? Int == 1)
      #expect(try isNear(first["elapsed"], call.elapsed))
      #expect((first["pool"] as? [String: Any])?["itemsFinished"] != nil)
      #expect(first["ended"] == nil, "an instant of the monotonic clock means nothing elsewhere")

      for (index, worker) in pool.workerStatistics.enumerated() {
        let encoded = try object(worker)
        #expect(encoded["worker"] as? Int == index)
        #expect(encoded["itemsFinished"] as? UInt64 == worker.itemsFinished)
        #expect((encoded["time"] as? [String: Any])?.count == 6)
      }

      let explanation = pool.explanation
      let explained = try object(explanation)
      #expect(explained["summary"] as? String == explanation.summary)
      let limits = try #require(explained["limits"] as? [[String: Any]])
      #expect(limits.map { $0["kind"] as? String } == explanation.limits.map(\.kind.rawValue))
      #expect(limits.map { $0["description"] as? String } == explanation.limits.map(\.description))
    }

    @Test func eventsSayWhenTheyHappened() async throws {
      let pool = try Pool(workers: 1, worker: .faulty)
      let before = Date.now.timeIntervalSince1970
      let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1) } }
      _ = try await pool.apply(
        DieBeforeAttempt(2, items: [9]), to: 9, retry: .atLeastOnce(maximumAttempts: 2))
      pool.close()
      await pool.join()
      let told = await events.value
      let times = told.map { $0.timeSince1970 / .seconds(1) }
      // A microsecond for the rounding of a date.
      #expect(try #require(times.first) >= before - 1e-6)
      #expect(times == times.sorted() && times.last! <= Date.now.timeIntervalSince1970 + 1e-6)
      let names = try told.map { try object($0)["event"] as? String }
      #expect(names == ["workerStarted", "itemRetried", "workerLost", "workerStarted"])
    }
  }
}
