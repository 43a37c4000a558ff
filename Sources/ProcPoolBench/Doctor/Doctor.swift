import ProcPoolSystem

/// Examines a machine for what pools need.
public enum Doctor {
  /// Examines the machine. This takes about a tenth of a second, because it starts a worker.
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

  /// The default number of workers.
  private static func workers(_ facts: MachineFacts) -> Int {
    max(1, min(facts.affinity, facts.quota.map { Int($0.rounded(.up)) } ?? .max))
  }

  private static func processors(_ facts: MachineFacts) -> Finding {
    let workers = workers(facts)
    var fact = "\(facts.processors) in the machine"
    if facts.affinity < facts.processors { fact += ", of which this process may use \(facts.affinity)" }
    if let quota = facts.quota {
      let limit = Units.fixed(quota, decimals: 2)
      fact += ", the control group limits the process to \(limit) CPUs (\(facts.quotaFile))"
    }
    fact += "; a pool has \(Self.workers(workers)) by default"
    if workers == 1 {
      return Finding(
        "processors", .warning, fact,
        remedy:
          "One worker isolates crashes but does not speed up work; give the process more processors.")
    }
    return Finding("processors", fact)
  }

  private static func memory(_ facts: MachineFacts) -> Finding {
    let available = facts.memoryAvailable
    var fact = "\(Units.bytes(Double(facts.memory))) in the machine"
    if let available { fact += ", \(Units.bytes(Double(available))) available" }
    // A generous estimate for a worker that imports Foundation and has not run any item.
    let perWorker = 16 << 20
    if let available, available < 2 * perWorker {
      return Finding(
        "memory", .problem, fact,
        remedy: "This is not enough for two workers. End other programs, or raise \(facts.memoryFile).")
    }
    if let available, available < 512 << 20 {
      return Finding(
        "memory", .warning, fact,
        remedy:
          "Large arrays cannot be allocated. Set recycling.memory to recycle workers before the kernel kills them."
      )
    }
    if facts.overcommit == 2 {
      return Finding(
        "memory", .warning, fact + "; the kernel does not overcommit memory (vm.overcommit_memory is 2)",
        remedy:
          "Programs that reserve more memory than they use may fail to allocate it; the usual value is 0.")
    }
    return Finding("memory", fact)
  }

  private static func sharing(_ facts: MachineFacts) -> Finding {
    guard let failure = facts.sharingFailure else {
      return Finding("shared memory", "can be created and mapped")
    }
    return Finding(
      "shared memory", .problem, "cannot be created: \(failure)",
      remedy:
        "Shared arrays and the fast path for long payloads need memfd_create, which a sandbox may forbid.")
  }

  private static func sharedFiles(_ facts: MachineFacts) -> Finding {
    guard let files = facts.sharedFiles else {
      return Finding(
        "/dev/shm", .warning, "does not exist",
        remedy: "Only named arrays need it. Mount a tmpfs there to share them with other programs.")
    }
    let fact = "\(Units.bytes(Double(files.free))) of \(Units.bytes(Double(files.size))) are free"
    if files.free < 64 << 20 {
      return Finding(
        "/dev/shm", .warning, fact,
        remedy: "Only named arrays use it. In a container, enlarge it with --shm-size=1g.")
    }
    return Finding("/dev/shm", fact + ", for named arrays")
  }

  private static func leftovers(_ facts: MachineFacts) -> Finding {
    guard !facts.leftovers.isEmpty else {
      return Finding("leftovers", "no unused file of yours in /dev/shm")
    }
    let bytes = facts.leftovers.values.reduce(0) { $0 + Double($1) }
    let names = facts.leftovers.keys.sorted().map { $0.visible() }
    let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    return Finding(
      "leftovers", .warning,
      "\(names.count) of your files in /dev/shm (\(Units.bytes(bytes))) are mapped by no process: \(shown)",
      remedy: "A named array exists until its name is removed. Remove unused ones: rm /dev/shm/NAME.")
  }

  private static func undead(_ facts: MachineFacts) -> Finding {
    guard !facts.undead.isEmpty else { return Finding("killed workers", "all have ended") }
    let shown = facts.undead.sorted { $0.key < $1.key }.prefix(3).map { "process \($0.key): \($0.value)" }
    return Finding(
      "killed workers", .warning,
      "\(facts.undead.count) \(facts.undead.count == 1 ? "worker has" : "workers have") not ended after SIGKILL "
        + "(\(shown.joined(separator: "; ")))",
      remedy:
        "Their pools have abandoned them. Remove what blocks them: detach the debugger, thaw the control group, or "
        + "restore the device; /proc/PID/stack shows where each process waits.")
  }

  /// The descriptors that a worker takes, and an estimate of those that the program has itself.
  private static let descriptorsPerWorker = 6
  private static let ownDescriptors = 32
  /// Foundation crashes with more, so a pool starts no workers beyond that.
  private static let mostForFoundation = 1_300
  /// Foundation's `Process` moves descriptors up to this number. A pool raises the limit during a
  /// launch if it may.
  private static let leastForFoundation = 256

  private static func descriptors(_ facts: MachineFacts) -> Finding {
    let (soft, hard) = facts.descriptors
    // A pool raises the limit only during a launch. Its own descriptors must fit the current limit.
    let most = max(0, (min(soft, mostForFoundation) - ownDescriptors) / descriptorsPerWorker)
    let name = "descriptors"
    let fact =
      soft == .max
      ? "not limited"
      : "\(soft) per process, enough for \(Self.workers(most))"
        + (hard > soft ? " (can be raised to \(hard))" : "")
    let remedy =
      hard > soft
      ? "Raise the limit before the program starts: ulimit -n \(hard == .max ? "4096" : "\(hard)")."
      : "Raise the hard limit also: LimitNOFILE= of a systemd unit, --ulimit nofile= of a container, or limits.conf."
    if hard < leastForFoundation {
      return Finding(
        name, .problem, fact + "; Foundation cannot start a program with fewer than \(leastForFoundation)",
        remedy: remedy)
    }
    if most < 2 { return Finding(name, .problem, fact, remedy: remedy) }
    if most < workers(facts) { return Finding(name, .warning, fact, remedy: remedy) }
    return Finding(name, fact)
  }

  private static func processes(_ facts: MachineFacts) -> Finding {
    guard let left = facts.processesLeft else { return Finding("processes", "not limited for this user") }
    // A worker has a serving thread, a watchdog, the main thread, and threads of Swift's
    // concurrency runtime.
    let most = left / 6
    let fact = "\(left) more processes and threads, enough for \(Self.workers(most))"
    let remedy = "Raise it: ulimit -u, or pids.max of the control group."
    if most < 2 { return Finding("processes", .problem, fact, remedy: remedy) }
    if most < workers(facts) { return Finding("processes", .warning, fact, remedy: remedy) }
    return Finding("processes", fact)
  }

  private static func pipes(_ facts: MachineFacts) -> Finding {
    guard let pipe = facts.pipe else {
      return Finding(
        "pipes", .problem, "cannot be created", remedy: "See descriptors. A sandbox may also forbid them.")
    }
    let fact = "hold \(Units.bytes(Double(pipe)))"
    if pipe < 1 << 16 {
      return Finding(
        "pipes", .warning, fact + ", although 1 MiB was requested",
        remedy:
          "Your pipes exceed /proc/sys/fs/pipe-user-pages-soft in total: raise it, or end other programs. Until then "
          + "messages are slower, but none is lost.")
    }
    return Finding("pipes", fact)
  }

  private static func looking(_ facts: MachineFacts) -> Finding {
    guard !facts.isOpen else {
      return Finding("looking in", "your other processes may read this one's descriptors and memory")
    }
    return Finding(
      "looking in", .warning, "your other processes may not read this one's descriptors and memory",
      remedy:
        "Workers then request shared memory through a socket, which takes longer the first time. The cause is usually "
        + "a setuid program or a call of prctl(PR_SET_DUMPABLE, 0).")
  }

  private static func clock(_ facts: MachineFacts) -> Finding {
    // Clocks that are read without a system call. Others are devices, and reading one takes
    // microseconds.
    let fast: Set = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", ""]
    guard !fast.contains(facts.clock) else {
      return Finding("clock", facts.clock.isEmpty ? "unknown" : facts.clock)
    }
    return Finding(
      "clock", .warning, "\(facts.clock), which is slow",
      remedy: "Each reading takes some microseconds, which slows short items; see "
        + "/sys/devices/system/clocksource.")
  }

  private static func processDescriptors(_ facts: MachineFacts) -> Finding {
    guard let failure = facts.processDescriptorFailure else {
      return Finding("pidfd", "supported")
    }
    return Finding(
      "pidfd", .problem, "not supported: \(failure)",
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
          "procpool's workers run procpool-bench-worker, which must be of the same build: make release."
      )
    case .time(let seconds):
      let fact = "a pool of one worker answers after \(Units.seconds(seconds))"
      // Ten times the duration on a slow virtual machine.
      guard seconds > 0.5 else { return Finding("starting", fact) }
      return Finding(
        "starting", .warning, fact,
        remedy: "The machine is busy, or programs load slowly. A worker that is linked with "
          + "--static-swift-stdlib starts in 2 ms.")
    }
  }

  private static func attach(_ outcome: MachineFacts.Outcome) -> Finding {
    switch outcome {
    case .time(let seconds):
      Finding(
        "attaching",
        "a worker attached two arrays of 1 MiB and copied one to the other in \(Units.seconds(seconds))")
    case .failure(let reason):
      Finding(
        "attaching", .problem, "a worker could not use a shared array: \(reason)",
        remedy: "Workers open memory through /proc or a socket; one of the two must be allowed.")
    }
  }
}
