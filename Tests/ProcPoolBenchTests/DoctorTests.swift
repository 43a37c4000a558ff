import Glibc
import Testing

import class Foundation.FileManager
import class Foundation.JSONSerialization
import struct Foundation.Data

@testable import ProcPoolBench

@Suite struct TheDoctorSaysWhatIsAmissAndWhatToDo {
  /// All is well.
  private static func facts(_ change: (inout MachineFacts) -> Void = { _ in }) -> MachineFacts {
    var facts = MachineFacts()
    facts.processors = 8
    facts.affinity = 8
    facts.memory = 16 << 30
    facts.memoryAvailable = 8 << 30
    facts.sharedFiles = (size: 8 << 30, free: 7 << 30)
    facts.descriptors = (1024, 4096)
    facts.processesLeft = 30_000
    facts.pipe = 1 << 20
    facts.clock = "tsc"
    facts.start = .time(0.005)
    facts.attach = .time(0.001)
    facts.versions = "procpool"
    change(&facts)
    return facts
  }

  private static func finding(_ name: String, _ change: (inout MachineFacts) -> Void) throws -> Finding {
    try #require(Doctor.diagnose(facts(change)).findings.first { $0.name == name })
  }

  @Test(arguments: [
    ("procpool-worker", "0000000000000000", "0000000000000100", true),
    ("procpool-worker", "0000000000000100", "0000000000000000", true),
    ("procpool-worker", "0000000000000000", "0000000000004000", false),
    ("sleep", "0000000000000000", "0000000000000100", false),
  ])
  func aWorkerForWhichSIGKILLWaitsIsUndead(_ name: String, _ own: String, _ shared: String, _ isUndead: Bool)
  {
    let status = "Name:\t\(name)\nState:\tD (disk sleep)\nSigPnd:\t\(own)\nShdPnd:\t\(shared)\n"
    #expect(UndeadWorkers.isUndead(status) == isUndead)
  }

  /// It has ended, and only its parent has not noticed yet.
  @Test func aZombieIsNotUndead() {
    #expect(
      !UndeadWorkers.isUndead(
        "Name:\tprocpool-worker\nState:\tZ (zombie)\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n"))
  }

  @Test func noPoolHasMoreWorkersThanFoundationCanStart() throws {
    #expect(
      try Self.finding("descriptors") { $0.descriptors = (20_000, 20_000) }.fact.hasSuffix(
        "enough for 211 workers"))
  }

  @Test func whereAllIsWellNothingIsAdvised() {
    let diagnosis = Doctor.diagnose(Self.facts())
    #expect(diagnosis.findings.allSatisfy { $0.level == .ok && $0.remedy.isEmpty })
    #expect(!diagnosis.hasProblem)
    #expect(diagnosis.text().hasSuffix("\n\nNo problems found.\n"))
  }

  private static let cases:
    [(name: String, level: Finding.Level, says: String, change: @Sendable (inout MachineFacts) -> Void)] = [
      ("processors", .warning, "1 worker by default", { $0.affinity = 1 }),
      ("processors", .warning, "limits the process to 0.50 CPUs (cpu.max)", { $0.quota = 0.5 }),
      (
        "processors", .warning, "limits the process to 0.50 CPUs (cpu.cfs_quota_us)",
        { ($0.quota, $0.quotaFile) = (0.5, "cpu.cfs_quota_us") }
      ),
      (
        "memory", .problem, "or raise memory.limit_in_bytes",
        { ($0.memoryAvailable, $0.memoryFile) = (10 << 20, "memory.limit_in_bytes") }
      ),
      ("memory", .problem, "not enough for two workers", { $0.memoryAvailable = 10 << 20 }),
      ("memory", .warning, "arrays cannot be allocated", { $0.memoryAvailable = 100 << 20 }),
      ("memory", .warning, "vm.overcommit_memory is 2", { $0.overcommit = 2 }),
      ("shared memory", .problem, "memfd_create failed", { $0.sharingFailure = "memfd_create failed" }),
      ("/dev/shm", .warning, "does not exist", { $0.sharedFiles = nil }),
      ("/dev/shm", .warning, "--shm-size", { $0.sharedFiles = (64 << 20, 1 << 20) }),
      (
        "leftovers", .warning, "2 of your files in /dev/shm (3.00 KiB)",
        { $0.leftovers = ["a": 1024, "b": 2048] }
      ),
      (
        "killed workers", .warning,
        "1 worker has not ended after SIGKILL (process 4711: state D (disk sleep))",
        { $0.undead = [4711: "state D (disk sleep)"] }
      ),
      ("descriptors", .problem, "fewer than 256", { $0.descriptors = (100, 100) }),
      ("descriptors", .problem, "0 workers", { $0.descriptors = (30, 4096) }),
      ("descriptors", .warning, "enough for 5 workers", { $0.descriptors = (64, 4096) }),
      ("processes", .problem, "enough for 1 worker", { $0.processesLeft = 8 }),
      ("processes", .warning, "enough for 6 workers", { $0.processesLeft = 40 }),
      ("pipes", .problem, "cannot be created", { $0.pipe = nil }),
      ("pipes", .warning, "pipe-user-pages-soft", { $0.pipe = 4096 }),
      ("looking in", .warning, "PR_SET_DUMPABLE", { $0.isOpen = false }),
      ("clock", .warning, "hpet", { $0.clock = "hpet" }),
      ("pidfd", .problem, "pidfd_open", { $0.processDescriptorFailure = "pidfd_open failed" }),
      ("starting", .problem, "no such program", { $0.start = .failure("no such program") }),
      ("starting", .warning, "answers after 2.00 s", { $0.start = .time(2) }),
      ("attaching", .problem, "not permitted", { $0.attach = .failure("not permitted") }),
    ]

  @Test(arguments: cases.indices) func whatIsAmissIsSaidWithARemedy(_ index: Int) throws {
    let one = Self.cases[index]
    let finding = try Self.finding(one.name, one.change)
    #expect(finding.level == one.level)
    #expect((finding.fact + " " + finding.remedy).contains(one.says), "\(finding)")
    #expect(!finding.remedy.isEmpty)
    let diagnosis = Doctor.diagnose(Self.facts(one.change))
    #expect(diagnosis.hasProblem == (one.level == .problem))
    #expect(diagnosis.findings.count { $0.level != .ok } == 1, "nothing else is amiss")
  }

  @Test func limitsThatAreNoneAreNotAmiss() throws {
    let finding = try Self.finding("descriptors") { $0.descriptors = (.max, .max) }
    #expect(finding.level == .ok && finding.fact == "not limited")
    #expect(try Self.finding("processes") { $0.processesLeft = nil }.level == .ok)
    #expect(try Self.finding("memory") { $0.memoryAvailable = nil }.level == .ok)
  }

  @Test func withoutAWorkerNothingIsSaidOfAttaching() {
    let findings = Doctor.diagnose(Self.facts { ($0.start, $0.attach) = (.failure("none"), nil) }).findings
    #expect(!findings.contains { $0.name == "attaching" })
  }

  @Test func linesAreAsWideAsTheTerminal() {
    let text = Doctor.diagnose(Self.facts { $0.isOpen = false }).text(TextStyle(width: 60, hasColour: false))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 })
    #expect(text.contains("\n        → Workers then request shared"))
    #expect(text.hasSuffix("\n\nno problems, 1 warning.\n"))
  }
}

@Suite(.timeLimit(.minutes(5))) struct TheDoctorExaminesThisMachine {
  /// One look at the machine for both: what a second one finds may differ, since a busy machine is slower to start a worker.
  @Test func itSaysTheSameAsTextAndAsJSON() async throws {
    let diagnosis = Doctor.diagnose(await MachineFacts.gather())
    let text = diagnosis.text()
    let findings = try Self.findings(diagnosis.json)
    #expect(findings.count == 15)
    for finding in findings {
      let name = try #require(finding["name"] as? String)
      let level = try #require(finding["level"] as? String)
      #expect(text.contains("\(level) ") && text.contains(" \(name) "), "\(finding), \(text)")
      #expect((level == "ok") == (finding["remedy"] is String == false))
    }
  }

  @Test func theCommandWritesTextOrJSON() async throws {
    let text = try await Program.run(["doctor"])
    #expect(text.status == 0, "\(text.output)\(text.errors)")
    let json = try await Program.run(["doctor", "--json", "-"])
    #expect(json.status == 0 && json.errors.isEmpty)
    let findings = try Self.findings(json.output)
    #expect(findings.count == 15)
    for finding in findings {
      let name = try #require(finding["name"] as? String)
      #expect(text.output.contains(" \(name) "), "\(text.output)")
    }
  }

  /// A real process for which SIGKILL waits: a tracer holds it at its end.
  @Test func aWorkerThatSIGKILLHasNotEndedYetIsUndeadOnlyIfItStays() async throws {
    let worker = try HeldAtItsEnd(named: "procpool-worker")
    var found: String?
    while !Task.isCancelled, found == nil {
      found = await UndeadWorkers.find(patience: .zero)[worker.pid]
    }
    #expect(await UndeadWorkers.find(patience: .milliseconds(200))[worker.pid]?.hasPrefix("state t") == true)
    async let later = UndeadWorkers.find(patience: .seconds(60))
    try await Task.sleep(for: .milliseconds(200))
    worker.release()
    #expect(await later[worker.pid] == nil)
  }

  private static func findings(_ json: String) throws -> [[String: Any]] {
    let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return try #require(parsed?["findings"] as? [[String: Any]])
  }

  @Test func aFileThatNobodyUsesIsFoundAndOneThatIsMappedIsNot() async throws {
    try await SharedFolder.alone {
      let path = "/dev/shm/procpool-doctor-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      try Data("some".utf8).write(to: .init(fileURLWithPath: path))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let name = String(path.dropFirst("/dev/shm/".count))
      #expect(await MachineFacts.gather().leftovers[name] == 4)
      let file = open(path, O_RDONLY | O_CLOEXEC)
      let memory = mmap(nil, 4, PROT_READ, MAP_SHARED, file, 0)
      close(file)
      defer { munmap(memory, 4) }
      #expect(memory != MAP_FAILED)
      #expect(await MachineFacts.gather().leftovers[name] == nil)
    }
  }
}
