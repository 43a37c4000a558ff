import BenchTasks
import Glibc
import ProcPool
import ProcPoolSystem

/// The properties of this machine that pools depend on.
struct MachineFacts: Equatable, Sendable {
  var processors = 1
  /// The number of processors that this process may run on.
  var affinity = 1
  /// The control group's CPU quota, in CPUs; `nil` if it sets none.
  var quota: Double?
  /// The file that sets the control group's quota.
  var quotaFile = ControlGroup.quotaFile

  /// Bytes of memory in the machine.
  var memory = 0
  /// Bytes that this process and its workers can still allocate; `nil` if unknown.
  var memoryAvailable: Int?
  /// The file that sets the control group's memory limit.
  var memoryFile = "memory.max"
  /// The kernel's overcommit policy, `vm.overcommit_memory`: 2 is "never overcommit".
  var overcommit: Int?
  /// The reason why memory cannot be shared with other processes; `nil` if it can.
  var sharingFailure: String?

  /// Total and free bytes of /dev/shm; `nil` if it does not exist.
  var sharedFiles: (size: Int, free: Int)?
  /// Files of this user in /dev/shm that no process has mapped, and their sizes in bytes.
  var leftovers: [String: Int] = [:]

  /// Workers that were killed and have not ended, by process, and their state.
  var undead: [Int32: String] = [:]

  /// The limit of open descriptors: the current one, and the one to which it can be raised.
  var descriptors: (soft: Int, hard: Int) = (.max, .max)
  /// How many more processes and threads this user can start; `nil` for no limit.
  var processesLeft: Int?
  /// The capacity of a pipe after a mebibyte was requested, in bytes.
  var pipe: Int?
  /// Whether other processes of the user may read this one's descriptors and memory.
  var isOpen = true
  /// The kernel's clock source.
  var clock = ""
  /// The reason why process descriptors (pidfd) are not available; `nil` if they are.
  var processDescriptorFailure: String?

  /// Seconds from the creation of a pool to a worker's first answer, or the reason why there was
  /// none.
  var start = Outcome.time(0)
  /// Seconds of a round trip with a shared array, or the reason for a failure; `nil` if there was
  /// no worker.
  var attach: Outcome?

  /// The versions of the kernel, the C library and the compiler.
  var versions = ""

  enum Outcome: Equatable, Sendable {
    case time(Double)
    case failure(String)
  }

  static func == (left: MachineFacts, right: MachineFacts) -> Bool { "\(left)" == "\(right)" }
}

extension MachineFacts {
  /// Gathers all facts, and starts a worker.
  static func gather() async -> MachineFacts {
    var facts = MachineFacts()
    let machine = Machine.current()
    let allowance = ProcessorAllowance.current()
    facts.processors = machine.processors
    facts.affinity = allowance.affinity
    facts.quota = allowance.quota
    facts.quotaFile = allowance.quotaFile
    facts.memory = Int(clamping: machine.memoryBytes)
    facts.memoryAvailable = MemoryAllowance.available()
    let membership = TextFile.read("/proc/self/cgroup")
    if ControlGroup.isLegacy("memory", membership: membership) { facts.memoryFile = "memory.limit_in_bytes" }
    facts.overcommit = number("/proc/sys/vm/overcommit_memory")
    facts.sharingFailure = failure { () throws(SystemError) in
      let file = try SharedMapping.makeFile(named: "procpool-doctor", count: SharedMapping.pageSize)
      _ = try SharedMapping(file, count: SharedMapping.pageSize)
    }
    var files = statvfs()
    if statvfs(NamedMemory.directory, &files) == 0 {
      // A file system may report any numbers.
      func bytes(_ blocks: fsblkcnt_t) -> Int {
        let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(files.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
      }
      facts.sharedFiles = (bytes(files.f_blocks), bytes(files.f_bavail))
      facts.leftovers = leftovers()
    }
    facts.undead = await UndeadWorkers.find()
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      facts.descriptors = (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }
    facts.processesLeft = processesLeft()
    facts.pipe = pipeCapacity()
    facts.isOpen = DescriptorSocket.isProcessOpen
    facts.clock = text("/sys/devices/system/clocksource/clocksource0/current_clocksource") ?? ""
    facts.processDescriptorFailure = failure { () throws(SystemError) in
      _ = try ProcessDescriptor(pid: getpid())
    }
    facts.versions =
      "procpool \(procpoolVersion), \(machine.system), \(library()), \(machine.architecture)"
    (facts.start, facts.attach) = await startWorker()
    return facts
  }

  private static func startWorker() async -> (start: Outcome, attach: Outcome?) {
    let clock = ContinuousClock()
    let begin = clock.now
    var start: Outcome?
    do {
      return try await withPool(workers: 1, worker: BenchContext.worker) { pool in
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        let started = Outcome.time((clock.now - begin) / .seconds(1))
        start = started
        do {
          let payload = try SharedArray<UInt8>(repeating: 7, count: 1 << 20)
          let reply = try SharedArray<UInt8>(repeating: 0, count: 1 << 20)
          let begin = clock.now
          try await pool.apply(SharedEcho(), to: .init(payload: payload, reply: reply))
          let time = (clock.now - begin) / .seconds(1)
          let isRight = Array(reply) == Array(payload)
          return (started, isRight ? .time(time) : .failure("the data that the worker wrote did not arrive"))
        } catch {
          return (started, .failure("\(error)"))
        }
      }
    } catch {
      return (start ?? .failure("\(error)"), nil)
    }
  }

  private static func failure(_ body: () throws(SystemError) -> Void) -> String? {
    do throws(SystemError) {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  private static func library() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
      confstr(Int32(_CS_GNU_LIBC_VERSION), name.baseAddress, name.count) > 0
        ? String(cString: name.baseAddress!) : "C library unknown"
    }
  }

  private static func text(_ path: String) -> String? {
    TextFile.read(path)?.lines().joined(separator: "\n")
  }

  private static func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }

  /// Limited by the user's limit, which counts threads, and by the control group's.
  private static func processesLeft() -> Int? {
    var left: [Int] = []
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max,
      getuid() != 0
    {
      left.append(Int(clamping: limit.rlim_cur) - threads(of: getuid()))
    }
    let membership = TextFile.read("/proc/self/cgroup")
    if let group = ControlGroup.processesLeft(
      membership: membership, read: { TextFile.read("/sys/fs/cgroup" + $0) })
    {
      left.append(group)
    }
    return left.min().map { max(0, $0) }
  }

  private static func threads(of user: uid_t) -> Int {
    Remains.entries("/proc").filter { Int32($0) != nil }.reduce(0) { sum, pid in
      var status = stat()
      guard stat("/proc/\(pid)", &status) == 0, status.st_uid == user else { return sum }
      return sum + Remains.entries("/proc/\(pid)/task").count
    }
  }

  private static func pipeCapacity() -> Int? {
    guard let pipe = try? ProcPoolSystem.Pipe() else { return nil }
    pipe.requestCapacity(1 << 20)
    return pipe.capacity
  }

  private static func leftovers() -> [String: Int] {
    var files: [String: Int] = [:]
    for name in Remains.entries(NamedMemory.directory) {
      var status = stat()
      let path = "\(NamedMemory.directory)/\(name)"
      guard lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFREG else {
        continue
      }
      files[name] = Int(status.st_size)
    }
    guard !files.isEmpty else { return files }
    for process in Remains.entries("/proc") where Int32(process) != nil {
      let maps = TextFile.read("/proc/\(process)/maps") ?? ""
      for line in maps.lines() {
        guard let path = line.firstRange(of: "\(NamedMemory.directory)/") else { continue }
        files[String(line[path.upperBound...])] = nil
      }
    }
    return files
  }
}
