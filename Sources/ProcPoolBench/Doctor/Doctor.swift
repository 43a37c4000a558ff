import ProcPoolSystem

/// Looks at a machine, and says what pools will find there.
public enum Doctor {
  /// Looks at everything that pools depend on. Takes a tenth of a second or so: a worker is started.
  public static func examine() async -> Diagnosis { diagnose(await MachineFacts.gather()) }

  static func diagnose(_ facts: MachineFacts) -> Diagnosis {
    Diagnosis(
      findings: [
        processors(facts), memory(facts), sharing(facts), sharedFiles(facts), leftovers(facts), undead(facts),
        descriptors(facts),
        processes(facts), pipes(facts), looking(facts), clock(facts), processDescriptors(facts), start(facts),
      ] + (facts.attach.map { [attach($0)] } ?? []) + [Finding("versions", facts.versions)])
  }

  private static func workers(_ count: Int) -> String { count == 1 ? "1 worker" : "\(count) workers" }

  /// As many as a pool has unless told otherwise.
  private static func workers(_ facts: MachineFacts) -> Int {
    max(1, min(facts.affinity, facts.quota.map { Int($0.rounded(.up)) } ?? .max))
  }

  private static func processors(_ facts: MachineFacts) -> Finding {
    let workers = workers(facts)
    var fact = "\(facts.processors) in the machine"
    if facts.affinity < facts.processors { fact += ", this process may run on \(facts.affinity)" }
    if let quota = facts.quota {
      let limit = Units.fixed(quota, decimals: 2)
      fact += ", the control group limits the process to \(limit) CPUs (\(facts.quotaFile))"
    }
    fact += ": a pool has \(Self.workers(workers)) unless told otherwise"
    if workers == 1 {
      return Finding(
        "processors", .warning, fact,
        remedy:
          "One worker isolates crashes and makes nothing faster; give the process more processors for that.")
    }
    return Finding("processors", fact)
  }

  private static func memory(_ facts: MachineFacts) -> Finding {
    let available = facts.memoryAvailable
    var fact = "\(Units.bytes(Double(facts.memory))) in the machine"
    if let available { fact += ", \(Units.bytes(Double(available))) to be had" }
    // What a worker takes that imports Foundation and has done nothing yet, generously.
    let perWorker = 16 << 20
    if let available, available < 2 * perWorker {
      return Finding(
        "memory", .problem, fact,
        remedy: "That is too little for two workers. End other programs, or raise \(facts.memoryFile).")
    }
    if let available, available < 512 << 20 {
      return Finding(
        "memory", .warning, fact,
        remedy:
          "Large arrays will be refused. maximumWorkerMemory: keeps workers from being killed by the kernel.")
    }
    if facts.overcommit == 2 {
      return Finding(
        "memory", .warning, fact + "; the kernel promises no more than there is (vm.overcommit_memory is 2)",
        remedy: "Programs that set aside much and use little may be refused memory; 0 is usual.")
    }
    return Finding("memory", fact)
  }

  private static func sharing(_ facts: MachineFacts) -> Finding {
    guard let failure = facts.sharingFailure else {
      return Finding("shared memory", "can be made and mapped")
    }
    return Finding(
      "shared memory", .problem, "cannot be made: \(failure)",
      remedy: "Shared arrays, and fast paths for long payloads, need memfd_create; a sandbox may forbid it.")
  }

  private static func sharedFiles(_ facts: MachineFacts) -> Finding {
    guard let files = facts.sharedFiles else {
      return Finding(
        "/dev/shm", .warning, "is not there",
        remedy: "Only arrays with a name need it: mount a tmpfs there to share them with other programs.")
    }
    let fact = "\(Units.bytes(Double(files.free))) of \(Units.bytes(Double(files.size))) are free"
    if files.free < 64 << 20 {
      return Finding(
        "/dev/shm", .warning, fact,
        remedy: "Only arrays with a name lie there. In a container, --shm-size=1g gives it more.")
    }
    return Finding("/dev/shm", fact + ", for arrays with a name")
  }

  private static func leftovers(_ facts: MachineFacts) -> Finding {
    guard !facts.leftovers.isEmpty else {
      return Finding("leftovers", "no file of yours in /dev/shm that nobody uses")
    }
    let bytes = facts.leftovers.values.reduce(0) { $0 + Double($1) }
    let names = facts.leftovers.keys.sorted().map { $0.visible() }
    let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    return Finding(
      "leftovers", .warning,
      "\(names.count) of your files in /dev/shm (\(Units.bytes(bytes))) are mapped by no process: \(shown)",
      remedy: "A named array stays until its name is removed. What is not wanted any more: rm /dev/shm/NAME.")
  }

  private static func undead(_ facts: MachineFacts) -> Finding {
    guard !facts.undead.isEmpty else { return Finding("killed workers", "none that has not ended") }
    let shown = facts.undead.sorted { $0.key < $1.key }.prefix(3).map { "process \($0.key): \($0.value)" }
    return Finding(
      "killed workers", .warning,
      "\(facts.undead.count) \(facts.undead.count == 1 ? "worker is" : "workers are") still there after SIGKILL "
        + "(\(shown.joined(separator: "; ")))",
      remedy:
        "Their pools have given them up. Release what blocks them: detach the debugger, thaw the control group, or "
        + "restore the device; /proc/PID/stack shows where each process waits.")
  }

  /// Because a worker takes six, and a program has some of its own.
  private static let descriptorsPerWorker = 6
  private static let ownDescriptors = 32
  /// Because Foundation's `Process` moves descriptors up to that number, and a pool raises the limit for a moment where
  /// it may.
  private static let leastForFoundation = 256

  private static func descriptors(_ facts: MachineFacts) -> Finding {
    let (soft, hard) = facts.descriptors
    // A pool raises the limit for a moment where Foundation needs that; its own descriptors must fit as it is.
    let most = max(0, (soft - ownDescriptors) / descriptorsPerWorker)
    let name = "descriptors"
    let fact =
      soft == .max
      ? "not limited"
      : "\(soft) for a process: enough for \(Self.workers(most))"
        + (hard > soft ? " (up to \(hard) if asked for)" : "")
    let remedy =
      hard > soft
      ? "Raise the limit before the program starts: ulimit -n \(hard == .max ? "4096" : "\(hard)")."
      : "Raise the hard limit, too: LimitNOFILE= of a systemd unit, --ulimit nofile= of a container, or limits.conf."
    if hard < leastForFoundation {
      return Finding(
        name, .problem, fact + "; Foundation starts no program with fewer than \(leastForFoundation)",
        remedy: remedy)
    }
    if most < 2 { return Finding(name, .problem, fact, remedy: remedy) }
    if most < workers(facts) { return Finding(name, .warning, fact, remedy: remedy) }
    return Finding(name, fact)
  }

  private static func processes(_ facts: MachineFacts) -> Finding {
    guard let left = facts.processesLeft else { return Finding("processes", "not limited for this user") }
    // A worker has a thread that serves, one that watches, the main one, and Swift's for tasks.
    let most = left / 6
    let fact = "\(left) more processes and threads: enough for \(Self.workers(most))"
    let remedy = "Raise it: ulimit -u, or pids.max of the control group."
    if most < 2 { return Finding("processes", .problem, fact, remedy: remedy) }
    if most < workers(facts) { return Finding("processes", .warning, fact, remedy: remedy) }
    return Finding("processes", fact)
  }

  private static func pipes(_ facts: MachineFacts) -> Finding {
    guard let pipe = facts.pipe else {
      return Finding(
        "pipes", .problem, "cannot be made", remedy: "See descriptors; a sandbox may forbid them, too.")
    }
    let fact = "hold \(Units.bytes(Double(pipe)))"
    if pipe < 1 << 16 {
      return Finding(
        "pipes", .warning, fact + " where 1 MiB was asked for",
        remedy:
          "Your pipes together are over /proc/sys/fs/pipe-user-pages-soft: raise it, or end other programs. Messages "
          + "are slower until then, not lost.")
    }
    return Finding("pipes", fact)
  }

  private static func looking(_ facts: MachineFacts) -> Finding {
    guard !facts.isOpen else {
      return Finding("looking in", "other processes of yours may look into this one")
    }
    return Finding(
      "looking in", .warning, "other processes of yours may not look into this one",
      remedy:
        "Workers then ask for shared memory through a socket, which takes longer the first time. A program that "
        + "is setuid, or has called prctl(PR_SET_DUMPABLE, 0), is closed in this way.")
  }

  private static func clock(_ facts: MachineFacts) -> Finding {
    // Those that are read by the processor alone; others are devices, and reading one takes microseconds.
    let fast: Set = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", ""]
    guard !fast.contains(facts.clock) else {
      return Finding("clock", facts.clock.isEmpty ? "unknown" : facts.clock)
    }
    return Finding(
      "clock", .warning, "\(facts.clock), a slow one",
      remedy: "Every look at the time takes some microseconds, and short items take longer; see "
        + "/sys/devices/system/clocksource.")
  }

  private static func processDescriptors(_ facts: MachineFacts) -> Finding {
    guard let failure = facts.processDescriptorFailure else {
      return Finding("pidfd", "processes have descriptors")
    }
    return Finding(
      "pidfd", .problem, "processes have no descriptors: \(failure)",
      remedy:
        "Pools watch workers through pidfds. Use Linux 5.3 or later, and allow pidfd_open, pidfd_send_signal and "
        + "waitid in the sandbox's seccomp profile.")
  }

  private static func start(_ facts: MachineFacts) -> Finding {
    switch facts.start {
    case .failure(let reason):
      return Finding(
        "starting", .problem, reason,
        remedy:
          "The workers of procpool itself are the program procpool-bench-worker, of the same build: make release."
      )
    case .time(let seconds):
      let fact = "a pool of one worker answers after \(Units.seconds(seconds))"
      // Ten times what it takes on a slow virtual machine.
      guard seconds > 0.5 else { return Finding("starting", fact) }
      return Finding(
        "starting", .warning, fact,
        remedy: "The machine is busy, or programs are slow to load: a worker that is linked with "
          + "--static-swift-stdlib starts in 2 ms.")
    }
  }

  private static func attach(_ outcome: MachineFacts.Outcome) -> Finding {
    switch outcome {
    case .time(let seconds):
      Finding(
        "attaching",
        "a worker had two arrays of 1 MiB, and had copied one to the other, after \(Units.seconds(seconds))")
    case .failure(let reason):
      Finding(
        "attaching", .problem, "a worker could not use a shared array: \(reason)",
        remedy: "Workers open memory through /proc, or by a socket: one of them must be allowed.")
    }
  }
}
