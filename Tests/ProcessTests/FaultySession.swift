#if DEBUG
  import FaultyTasks
  import Glibc
  import Testing

  /// A run of `coordinate session`, in which calls to the system fail.
  struct FaultySession: Sendable, CustomStringConvertible {
    enum Role: String, CaseIterable, Sendable, CustomTestStringConvertible {
      case coordinator, worker
      var testDescription: String { rawValue }
    }

    /// What is to fail.
    struct Fault: Sendable, CustomStringConvertible {
      var role: Role
      var call: String
      /// `nil` for every one.
      var occurrence: Int?
      var failure: String
      var description: String { "\(role):\(call):\(occurrence.map(String.init) ?? "every"):\(failure)" }
    }

    /// How the processes get at each other's memory.
    enum Way: CaseIterable, Sendable {
      case plain
      /// Each refuses to be looked into by the others.
      case sockets

      var faults: [String] {
        switch self {
        case .plain: []
        case .sockets: Role.allCases.map { "\($0):open(/proc):every:EACCES" }
        }
      }

      private static let recorded = Task {
        var recorded: [Way: [Role: [String: Int]]] = [:]
        for way in allCases { recorded[way] = try await FaultySession.record(way) }
        return recorded
      }

      /// How often a process of a role makes each call.
      func counts(_ role: Role) async throws -> [String: Int] {
        try await Self.recorded.value[self]![role] ?? [:]
      }

      /// The first way in which a role makes a call, and how often; 0 if it never does.
      static func making(_ call: String, in role: Role) async throws -> (way: Way, count: Int) {
        for way in allCases {
          if let count = try await way.counts(role)[call] { return (way, count) }
        }
        return (.plain, 0)
      }
    }

    let fault: Fault?
    let way: Way
    /// The value of PROCPOOL_INJECT, to repeat it by hand.
    let injection: String
    let hasStruck: Bool
    /// As `wait` gives it; `nil` if it had to be killed.
    let status: Int32?
    let output: String
    let errors: String
    /// Processes and names in /dev/shm that it has left behind.
    let left: [String]
    /// The calls that were recorded, one a line.
    let record: String

    private static let patience = Duration.seconds(20)
    private static let expected =
      "6 4950 768 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 0 1 2 9640 70000 70000 70000 7 7 7 45 12497500 "
      + "24995000 0 10 20 0 5000 10000 0 10 20 0 5000 10000 80 20 80 100 200\n"
    /// What errors say where something else is the matter than a call that has failed.
    private static let untrue = [
      "bytes of shared memory were requested", "of the same build", "serveIfWorker",
    ]
    private static let remark = "a worker's remark\n"

    /// What it should not have done; `nil` if all is well.
    func complaint(mayFail: Bool) -> String? {
      guard let status else { return "had not ended after \(Self.patience), and was killed" }
      if status & 0x7F != 0 { return "was ended by signal \(status & 0x7F)" }
      if !left.isEmpty { return "left \(left.joined(separator: ", "))" }
      if status == 0 {
        if output != Self.expected { return "gave the wrong answer \(output)" }
        // What cannot be written to standard error is lost, which nothing can be done about.
        let isHeard = mayFail || fault?.call == "write" || errors == Self.remark
        return isHeard ? nil : "did not pass its worker's remark on: \(errors)"
      }
      if status != 1 << 8 { return "ended with status \(status >> 8)" }
      if !mayFail { return "failed" }
      if !output.isEmpty { return "failed, and gave an answer: \(output)" }
      if errors.contains("Fatal error") { return "has had a worker that crashed" }
      if let words = Self.untrue.first(where: errors.contains) { return "said '\(words)', which is not so" }
      // Of a worker that has ended, memory may be gone indeed.
      if fault?.role == .coordinator, errors.contains("is gone") { return "missed memory that was there" }
      return errors.contains("error: ") ? nil : "failed without a word of why"
    }

    var description: String { "PROCPOOL_INJECT='\(injection)': \(errors)\nThe session" }

    /// Runs as many at a time as there are processors in a small machine.
    static func run(_ faults: [Fault], _ way: Way) async throws -> [FaultySession] {
      try await withThrowingTaskGroup(of: FaultySession.self) { group in
        var runs: [FaultySession] = []
        for (index, fault) in faults.enumerated() {
          if index >= 2, let run = try await group.next() { runs.append(run) }
          group.addTask { try await run(fault, way) }
        }
        for try await run in group { runs.append(run) }
        return runs
      }
    }

    private static func record(_ way: Way) async throws -> [Role: [String: Int]] {
      var least: [Role: [String: Int]] = [:]
      // What a call's last occurrence is differs from run to run.
      for _ in 0..<3 {
        let run = try await run(nil, way)
        var counts: [Role: [String: [Substring: Int]]] = [:]
        for line in run.record.split(separator: "\n") {
          let words = line.split(separator: " ")
          guard words.count == 3, let role = Role(rawValue: String(words[0])) else { continue }
          counts[role, default: [:]][String(words[2]), default: [:]][words[1], default: 0] += 1
        }
        for (role, calls) in counts {
          for (call, processes) in calls {
            let most = processes.values.max()!
            least[role, default: [:]][call] = min(most, least[role]?[call] ?? most)
          }
        }
      }
      return least
    }

    private static func run(_ fault: Fault?, _ way: Way) async throws -> FaultySession {
      let scratch = Scratch()
      let report = scratch.file("report")
      let words = way.faults + [fault.map { "\($0)" } ?? "record"]
      let injection = "\(words.joined(separator: ","))@\(report)"
      func create(_ name: String) -> Int32 {
        open(scratch.file(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      }
      let (output, errors) = (create("output"), create("errors"))
      let pid = try Inspection.spawn(
        ["/usr/bin/env", "PROCPOOL_INJECT=\(injection)", Coordinator.path, "coordinate", "session"],
        output: output, errors: errors, resetsSignals: true)
      close(output)
      close(errors)
      var status: Int32 = 0
      let hasEnded = await eventually(within: patience) { waitpid(pid, &status, WNOHANG) == pid }
      if !hasEnded {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
      }
      // Workers go as soon as they notice.
      var left: [Int32] = []
      _ = await eventually(within: .seconds(5)) {
        left = processes(with: report)
        return left.isEmpty
      }
      for process in left { kill(process, SIGKILL) }
      let names = Inspection.entries("/dev/shm").filter {
        $0.contains("-session-\(pid)") || $0.contains("procpool-\(pid)-")
      }
      for name in names { shm_unlink("/" + name) }
      func contents(_ name: String) -> String { Inspection.contents("\(scratch.path)/\(name)") ?? "" }
      return FaultySession(
        fault: fault, way: way, injection: injection,
        hasStruck: access("\(report).\(way.faults.count)", F_OK) == 0, status: hasEnded ? status : nil,
        output: contents("output"), errors: contents("errors"), left: left.map { "process \($0)" } + names,
        record: contents("report"))
    }

    /// Those that were started with a path in their environment.
    static func processes(with path: String) -> [Int32] {
      Inspection.entries("/proc").compactMap { Int32($0) }.filter {
        Inspection.isRunning($0) && Inspection.contents("/proc/\($0)/environ")?.contains(path) == true
      }
    }
  }
#endif
