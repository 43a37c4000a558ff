import FaultyTasks
import ProcPool
import Testing

extension Processes.Deaths {
  /// An item that never ends holds up its own call, until that is cancelled, and no other.
  @Suite struct EndlessItems {
    /// What a worker was given behind it must not wait either.
    private func expectOthersToEnd(in pool: Pool) async {
      await withDeadline(.seconds(15), pool, "a call beside one that never ends") {
        let handles = (0..<200).map { pool.applyAsync(Echo(), to: $0) }
        for (index, handle) in handles.enumerated() { #expect((try? await handle.value) == index) }
        let outputs = await Result { try await pool.map(Sleep(), over: Array(repeating: 0, count: 1000)) }
        #expect((try? outputs.get().count) == 1000, "\(outputs)")
      }
    }

    @Test(arguments: [false, true]) func ofAMapHoldUpNoOtherCall(isCancelled: Bool) async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      let scratch = Scratch()
      // The last of many, so that the pool expects it to be short, like the others.
      let task = NoteAndPause(path: scratch.file("notes"), item: 399, milliseconds: 1_000_000)
      let endless = pool.mapAsync(task, over: 0..<400)
      #expect(await eventually { scratch.lines("notes").contains("399") })
      if isCancelled { endless.cancel() }
      await expectOthersToEnd(in: pool)
      pool.terminate()
      await pool.join()
    }

    @Test func amongApplicationsHoldUpNoOther() async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      for _ in 0..<50 { _ = try await pool.apply(Sleep(), to: 0) }
      let handles = (0..<100).map { pool.applyAsync(Sleep(), to: $0 == 50 ? 1_000_000 : 0) }
      await withDeadline(.seconds(15), pool, "an application beside one that never ends") {
        for index in 0..<100 where index != 50 { #expect((try? await handles[index].value) == 0) }
      }
      #expect(!handles[50].isReady)
      await expectOthersToEnd(in: pool)
      pool.terminate()
      await pool.join()
    }
  }
}
