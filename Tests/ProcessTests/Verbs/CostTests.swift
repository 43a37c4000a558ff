#if DEBUG
  import FaultyTasks
  import Glibc
  import Testing

  extension Processes.Verbs {
    /// What the verbs cost by the item, counted, because times are the machine's.
    @Suite struct Costs {
      /// What a verb made of so many items.
      private struct Cost {
        /// Calls to the system by all processes together, by name.
        var calls: [Substring: Int]
        var bytesCopied: Int
        var chunks: Int
        var milliseconds: Int
        /// How often the workers asked for memory. The coordinator does so for much in a debug build that it does
        /// not need otherwise: that is counted by `make allocations`.
        var workersAllocations: Int
        /// How often the coordinator took the lock of its state.
        var locks: Int

        func calls(_ names: Set<Substring>) -> Int {
          calls.reduce(0) { $0 + (names.contains($1.key) ? $1.value : 0) }
        }
        var allCalls: Int { calls.reduce(0) { $0 + $1.value } }
        var writes: Int { calls(["write", "writev"]) }
      }

      private func cost(of verb: String, items: Int) async throws -> Cost {
        let scratch = Scratch()
        let (record, output) = (scratch.file("record"), scratch.file("output"))
        let file = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let pid = try Inspection.spawn(
          [
            "/usr/bin/env", "PROCPOOL_INJECT=record@\(record)", Coordinator.path, "coordinate", "cost", verb,
            "\(items)",
          ], output: file, errors: 2, resetsSignals: true)
        close(file)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        #expect(status == 0)
        let calls = scratch.lines("record").compactMap { $0.split(separator: " ").last }
        let words = scratch.lines("output").first?.split(separator: " ").compactMap { Int($0) } ?? []
        try #require(words.count == 5)
        return Cost(
          calls: Dictionary(calls.map { ($0, 1) }, uniquingKeysWith: +),
          bytesCopied: words[0], chunks: words[1], milliseconds: words[2], workersAllocations: words[3],
          locks: words[4])
      }

      /// The same without what the pool costs by itself.
      private func cost(of verb: String, perItemOf items: Int) async throws -> Cost {
        let all = try await cost(of: verb, items: items)
        let none = try await cost(of: verb, items: 0)
        let calls = all.calls.merging(none.calls.mapValues { -$0 }) { $0 + $1 }
        return Cost(
          calls: calls, bytesCopied: all.bytesCopied - none.bytesCopied, chunks: all.chunks - none.chunks,
          milliseconds: all.milliseconds,
          workersAllocations: all.workersAllocations - none.workersAllocations, locks: all.locks - none.locks)
      }

      /// An item in a chunk of its own: its frame and its result cross together with those of many others.
      @Test(arguments: [1, 64]) func aSaturatedStreamMakesFewCallsByTheItem(_ chunkSize: Int) async throws {
        let items = 100_000
        let cost = try await cost(of: "imap-\(chunkSize)", perItemOf: items)
        // On a machine that is busy with something else fewer items go together, because what goes together
        // is bounded by the time that it takes: 187 µs in each of two workers, and five calls for it.
        let calls = max(items / 10, 54 * cost.milliseconds)
        #expect(cost.allCalls <= calls, "\(cost)")
        #expect(cost.locks <= 2 * calls, "\(cost)")
        #expect(cost.workersAllocations < max(items, 12 * cost.allCalls), "\(cost)")
        // Out of a frame that has a header of its own, into the pipe, out of it and so on: four copies of the
        // input's frame, and as many of the output.
        #expect(cost.bytesCopied <= items * (chunkSize == 1 ? 200 : 100), "\(cost.bytesCopied) bytes")
        // Some are taken back and sent again, when a worker does not get on and another has nothing to do.
        let chunks = (items + chunkSize - 1) / chunkSize
        #expect(cost.chunks >= chunks && cost.chunks <= chunks + chunks / 4)
      }

      /// A chunk of automatic size takes half a millisecond, however many items that are.
      @Test func aMapMakesAFewCallsForEachChunk() async throws {
        let items = 400_000
        let cost = try await cost(of: "map", perItemOf: items)
        #expect(cost.chunks < items / 20)
        #expect(cost.allCalls <= 12 * cost.chunks + 200, "\(cost)")
        #expect(cost.locks <= 12 * cost.chunks + 200, "\(cost)")
        #expect(cost.workersAllocations < max(items / 4, 12 * cost.allCalls), "\(cost)")
        #expect(cost.bytesCopied <= items * 80, "\(cost.bytesCopied) bytes")
      }

      /// One write there and one back. How often each side looks whether something has come is a matter of
      /// time.
      @Test func aRoundTripIsTwoWrites() async throws {
        let items = 1_000
        let cost = try await cost(of: "apply", perItemOf: items)
        let writes = cost.writes
        // A few of what the pool does by itself may have been there without them.
        #expect(writes > 2 * items - items / 10 && writes <= 2 * items + items / 10, "\(cost)")
        #expect(cost.locks <= 20 * items, "\(cost)")
      }

      /// Outputs that hold no shared memory pay nothing for those that do; and of those each passes its file on once.
      @Test func onlySharedOutputsPassFilesOn() async throws {
        let passing: Set<Substring> = ["sendmsg", "recvmsg"]
        for verb in ["map", "text", "apply", "echo"] {
          let cost = try await cost(of: verb, items: 50)
          // Each of the two workers gets its pipe of tasks.
          #expect(cost.calls(passing) == 2 * 2, "\(verb): \(cost.calls)")
        }
        let items = 40
        let cost = try await cost(of: "shared", perItemOf: items)
        #expect(cost.calls["sendmsg"] == items && cost.calls["recvmsg"] == items, "\(cost.calls)")
        // None is looked for in `/proc`.
        #expect(cost.calls["open(/proc)", default: 0] == 0, "\(cost.calls)")
      }

      /// Long payloads lie where both sides see them: into memory and out of it, there and back.
      @Test func aLongPayloadIsCopiedFourTimes() async throws {
        let items = 20
        let cost = try await cost(of: "echo", perItemOf: items)
        let megabytes = Double(cost.bytesCopied) / Double(1 << 20)
        // The first output, whose length nobody knew, twice more.
        #expect(megabytes >= Double(4 * items) && megabytes < Double(4 * items + 4), "\(megabytes)")
        #expect(cost.writes < 4 * items, "\(cost.calls)")
      }
    }
  }
#endif
