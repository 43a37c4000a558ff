#if DEBUG
  import FaultyTasks
  import Glibc
  import Testing

  extension Processes.Deaths {
    /// Whatever call to the system fails, a program with a pool comes to its end: with the right answer, or
    /// with an error in words.
    @Suite struct FailingCalls {
      /// One call in one of the two kinds of processes, all failures that it can have, one after the other:
      /// at its first and its last occurrence, at some in between, and at all of them; or a sample of those.
      @Test(arguments: FaultySession.Role.allCases, CallFailures.all)
      func aCallThatFailsIsMadeUpForOrToldOf(_ role: FaultySession.Role, _ failures: CallFailures)
        async throws
      {
        let seed = Seed()
        var numbers = seed.numbers
        var faults: [FaultySession.Fault] = []
        let (way, count) = try await FaultySession.Way.making(failures.call, in: role)
        guard count > 0 else { return }
        for failure in failures.unseen + failures.told {
          let inBetween = (0..<failures.samples).map { _ in Int.random(in: 1...count, using: &numbers) }
          for occurrence in Set([1, count] + inBetween).sorted() {
            faults.append(.init(role: role, call: failures.call, occurrence: occurrence, failure: failure))
          }
          if !failures.passing.contains(failure) {
            faults.append(.init(role: role, call: failures.call, occurrence: nil, failure: failure))
          }
        }
        // The first occurrence is in every sample: what comes later may not come about.
        let tried = Array(faults.prefix(1)) + Sampling.part(Array(faults.dropFirst()), oneIn: 4, seed)
        var strikes = 0
        for run in try await FaultySession.run(tried, way) {
          if let complaint = run.complaint(mayFail: failures.told.contains(run.fault!.failure)) {
            Issue.record("\(run) \(complaint)\n\(seed)")
          }
          if run.hasStruck { strikes += 1 }
        }
        #expect(tried.isEmpty || strikes > 0, "nothing has failed")
      }

      /// Reads and writes of a single byte: frames are cut everywhere.
      @Test(arguments: FaultySession.Role.allCases, ["read", "writev"])
      func aStreamThatComesByteByByteIsUnderstood(_ role: FaultySession.Role, _ call: String) async throws {
        let fault = FaultySession.Fault(role: role, call: call, occurrence: nil, failure: "short")
        for run in try await FaultySession.run([fault], .plain) {
          #expect(run.hasStruck)
          if let complaint = run.complaint(mayFail: false) { Issue.record("\(run) \(complaint)") }
        }
      }

      /// Nothing that a session calls is left out, and nothing is in the table that it does not call.
      @Test func everyCallIsInTheTable() async throws {
        var made: Set<String> = []
        for way in FaultySession.Way.allCases {
          for role in FaultySession.Role.allCases { made.formUnion(try await way.counts(role).keys) }
        }
        // Made only if Foundation was faster to take a status; `UnusualEnds` lets it fail.
        made.remove("ioctl(PIDFD_GET_INFO)")
        #expect(made == Set(CallFailures.all.map(\.call)))
      }

      /// Else a misspelt name would make a test that finds nothing.
      @Test(arguments: [
        "coordinator:raed:1:EINTR@/tmp/x", "coordinator:read:0:EINTR@/tmp/x", "worker:read:1:EWHAT@/tmp/x",
        "waiter:read:1:EINTR@/tmp/x", "worker:mmap:1:short@/tmp/x", "worker:read:1@/tmp/x",
        "worker:read:1:EINTR",
      ])
      func whatMakesNoSenseIsRefused(_ injection: String) throws {
        let ending = try Coordinator.run(
          "session", through: ["/usr/bin/env", "PROCPOOL_INJECT=\(injection)"])
        #expect(ending.status == 64 << 8)
        #expect(ending.output == "")
        #expect(ending.errors.contains("makes no sense"))
      }

      /// The check can fail: what must not be seen is, where a failure is one that nobody could make up for.
      @Test func aFailureThatIsToldIsNoticed() async throws {
        let fault = FaultySession.Fault(
          role: .coordinator, call: "epoll_create1", occurrence: 1, failure: "EMFILE")
        let run = try #require(try await FaultySession.run([fault], .plain).first)
        #expect(run.hasStruck)
        #expect(run.complaint(mayFail: true) == nil)
        #expect(run.complaint(mayFail: false) != nil)
        #expect(run.errors.contains("epoll_create1 failed: Too many open files"))
      }

      @Test func aProcessThatASessionLeavesIsNoticed() async throws {
        let scratch = Scratch()
        let words = ["/usr/bin/env", "PROCPOOL_INJECT=record@\(scratch.file("report"))", "/bin/sleep", "60"]
        let pid = try Inspection.spawn(words)
        #expect(await eventually { FaultySession.processes(with: scratch.file("report")) == [pid] })
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        #expect(FaultySession.processes(with: scratch.file("report")).isEmpty)
      }
    }
  }

  /// What a call to the system can fail with.
  struct CallFailures: Sendable, CustomTestStringConvertible {
    let call: String
    /// That the answer must not show: signals, short and missing transfers, and what there is another way
    /// for.
    var unseen: [String] = []
    /// That may end in an error.
    var told: [String] = []
    /// Occurrences between the first and the last that are tried.
    var samples = 1

    var testDescription: String { call }

    /// Those that are over when the call is made again. A program may wait for their end for ever: for the
    /// last of many signals, or for a pipe to take something that says that it has room.
    var passing: Set<String> = ["EINTR", "EAGAIN", "ECONNABORTED", "short"]

    /// By the manual pages. Those without any are here because they are made: they fail only where the
    /// program is wrong.
    static let all: [CallFailures] = [
      .init(call: "open", unseen: ["EINTR"], told: ["EMFILE", "ENOMEM"]),
      .init(call: "read", unseen: ["EINTR", "EAGAIN", "short"], samples: 4),
      .init(call: "write", unseen: ["EINTR", "EAGAIN", "short"]),
      .init(
        call: "writev", unseen: ["EINTR", "EAGAIN", "short"], told: ["ENOMEM"], samples: 4,
        passing: ["EINTR", "EAGAIN", "short", "ENOMEM"]),
      .init(call: "poll", unseen: ["EINTR"], told: ["ENOMEM"], samples: 3),
      .init(call: "dup2", unseen: ["EINTR"], told: ["EBUSY"]),
      .init(call: "pipe2", told: ["EMFILE", "ENOMEM"]),
      .init(call: "fcntl(F_DUPFD_CLOEXEC)", told: ["EMFILE", "ENOMEM"]),
      .init(call: "fcntl(F_GETFL)"),
      .init(call: "fcntl(F_SETFL)"),
      .init(call: "fcntl(F_SETPIPE_SZ)", unseen: ["EPERM", "EBUSY"]),
      .init(call: "close_range", unseen: ["EMFILE", "ENOSYS"]),
      .init(call: "readlink", told: ["ENOMEM"]),
      .init(call: "epoll_create1", told: ["EMFILE", "ENOMEM"]),
      .init(call: "epoll_ctl(ADD)", told: ["ENOMEM", "ENOSPC"], samples: 2),
      .init(call: "epoll_ctl(MOD)"),
      .init(call: "epoll_wait", unseen: ["EINTR"], samples: 5),
      .init(call: "eventfd", told: ["EMFILE", "ENOMEM"]),
      .init(call: "read(eventfd)", unseen: ["EAGAIN"]),
      .init(call: "pidfd_open", told: ["EMFILE", "ENOMEM", "ENOSYS"]),
      .init(call: "pidfd_send_signal(group)", unseen: ["EINVAL", "EPERM"]),
      .init(call: "waitid", told: ["ECHILD"]),
      .init(call: "pthread_create", told: ["EAGAIN"], passing: []),
      .init(call: "pthread_atfork", told: ["ENOMEM"]),
      .init(call: "pthread_mutex_init", told: ["ENOMEM"]),
      .init(call: "memfd_create", told: ["EMFILE", "ENOMEM"], samples: 2),
      .init(call: "ftruncate", unseen: ["EINTR"]),
      .init(call: "posix_fallocate", unseen: ["EINTR"], told: ["ENOSPC", "ENOMEM"], samples: 2),
      .init(call: "fcntl(F_ADD_SEALS)", unseen: ["EBUSY", "EPERM"]),
      .init(call: "mmap", told: ["ENOMEM", "EAGAIN"], samples: 2, passing: []),
      .init(call: "madvise", unseen: ["EINVAL"], told: ["ENOMEM", "EAGAIN"], samples: 2),
      .init(call: "madvise(MADV_DONTFORK)", unseen: ["ENOMEM"]),
      // Without an answer the file system says itself that it has no room.
      .init(call: "statvfs", unseen: ["EINTR", "ENOSYS"]),
      .init(call: "fstat", told: ["ENOMEM"], samples: 2),
      .init(call: "open(/proc)", unseen: ["EINTR"], told: ["EMFILE", "ENOMEM", "EACCES"], samples: 2),
      .init(call: "open(O_TMPFILE)", unseen: ["EINTR"], told: ["EMFILE", "ENOMEM", "ENOSPC"]),
      .init(call: "linkat", told: ["ENOMEM", "ENOSPC", "EEXIST"]),
      .init(call: "rename", told: ["ENOMEM", "ENOSPC"]),
      // A name that cannot be taken away stays.
      .init(call: "unlink", told: ["ENOMEM"], passing: ["ENOMEM"]),
      // Else descriptors are asked for instead of being passed on.
      .init(call: "socketpair", unseen: ["EMFILE", "ENOMEM", "EACCES"], told: []),
      .init(call: "socket", told: ["EMFILE", "ENOMEM"]),
      .init(call: "setsockopt"),
      .init(call: "bind", told: ["EADDRINUSE", "ENOMEM"]),
      .init(call: "listen", told: ["EADDRINUSE"]),
      .init(call: "accept4", unseen: ["EINTR", "ECONNABORTED"], told: ["EMFILE", "ENOMEM"]),
      .init(call: "connect", unseen: ["EINTR"], told: ["ECONNREFUSED", "EAGAIN"]),
      .init(call: "send", unseen: ["EINTR"], told: ["EAGAIN"]),
      .init(call: "recv", unseen: ["EINTR"], told: ["EAGAIN"]),
      // A worker waits until the coordinator has taken what was passed on, or until the kernel takes more; what it
      // refuses for good is asked for.
      .init(
        call: "sendmsg", unseen: ["EINTR"], told: ["EAGAIN", "ENOMEM", "ETOOMANYREFS"],
        passing: ["EINTR", "EAGAIN"]),
      .init(call: "recvmsg", unseen: ["EINTR"], told: ["EAGAIN"]),
    ]
  }
#endif
