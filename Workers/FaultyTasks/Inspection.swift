import Glibc

/// What /proc says of processes: for tasks that look around, and for tests that look for what was left
/// behind.
package enum Inspection {
  /// The descriptors of a process and what each is; without the one that reading them takes.
  package static func descriptors(of process: String = "self") -> [Int32: String] {
    let path = "/proc/\(process)/fd"
    var found: [Int32: String] = [:]
    for name in entries(path) {
      guard let number = Int32(name), let target = link("\(path)/\(name)") else { continue }
      found[number] = target
    }
    return found
  }

  /// The threads of this process, by number.
  package static func threads() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for name in entries("/proc/self/task") {
      guard let number = Int32(name), let text = contents("/proc/self/task/\(name)/comm") else { continue }
      found[number] = String(text.prefix { $0 != "\n" })
    }
    return found
  }

  /// How often this process has asked the system to read something, and to write something.
  package static func transfers() -> (reads: Int, writes: Int) {
    let lines = (contents("/proc/self/io") ?? "").split(separator: "\n")
    func number(_ name: String) -> Int {
      lines.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) } ?? 0
    }
    return (number("syscr: "), number("syscw: "))
  }

  /// How many pieces of shared memory, other than status pages, this process has mapped.
  package static func sharedMappings(named name: String = "procpool") -> Int {
    (contents("/proc/self/maps") ?? "").split(separator: "\n").count { $0.contains("/memfd:\(name) ") }
  }

  /// The children of a process, those included that have ended and were not waited for.
  package static func children(of parent: Int32 = getpid()) -> [Int32: String] {
    var found: [Int32: String] = [:]
    for name in entries("/proc") {
      guard let pid = Int32(name), let status = status(of: pid), status.parent == parent else { continue }
      found[pid] = "\(status.name) (\(status.state))"
    }
    return found
  }

  /// Those children that are workers of these tests: other tests of the process have other programs running.
  package static func workers() -> [Int32: String] {
    // By the program's name until they serve.
    children().filter { $0.value.hasPrefix("FaultyWorker ") || $0.value.hasPrefix("procpool-worker ") }
  }

  /// The process group of a process; 0 if there is no such process.
  package static func group(of pid: Int32) -> Int32 { status(of: pid)?.group ?? 0 }

  /// The processes of a group that have not ended.
  package static func processes(inGroup group: Int32) -> [Int32] {
    entries("/proc").compactMap { Int32($0) }.filter { pid in
      status(of: pid).map { $0.group == group && $0.state != "Z" && $0.state != "X" } ?? false
    }
  }

  /// Whether a process exists and has not ended.
  package static func isRunning(_ pid: Int32) -> Bool {
    status(of: pid).map { $0.state != "Z" && $0.state != "X" } ?? false
  }

  /// The process that traces a process; 0 if there is none.
  package static func tracer(of pid: Int32) -> Int32 {
    let lines = (contents("/proc/\(pid)/status") ?? "").split(separator: "\n")
    let line = lines.first { $0.hasPrefix("TracerPid:") }
    return line.flatMap { $0.split(whereSeparator: \.isWhitespace).last }.flatMap { Int32($0) } ?? 0
  }

  /// Whether a signal has stopped a process.
  package static func isStopped(_ pid: Int32) -> Bool { status(of: pid)?.state == "T" }

  /// Whether each of its threads is stopped.
  package static func isStoppedWhole(_ pid: Int32) -> Bool {
    let threads = entries("/proc/\(pid)/task")
    return !threads.isEmpty && threads.allSatisfy { Int32($0).map(isStopped) == true }
  }

  static func status(of pid: Int32) -> (name: String, state: Character, parent: Int32, group: Int32)? {
    // `pid (name) state parent group …`, and the name may hold anything, parentheses too.
    guard let text = contents("/proc/\(pid)/stat"), let open = text.firstIndex(of: "("),
      let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 2, let state = fields[0].first, let parent = Int32(fields[1]),
      let group = Int32(fields[2])
    else { return nil }
    return (String(text[text.index(after: open)..<close]), state, parent, group)
  }

  /// A set of signals, by its name in a status file of /proc.
  package static func signalSet(_ name: String, in path: String) -> UInt64 {
    signalSet(name, of: contents(path) ?? "")
  }

  /// A set of signals, by its name in the text of a status file; without the two that are the C library's
  /// own, and that it has ignored in what it starts.
  package static func signalSet(_ name: String, of status: String) -> UInt64 {
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    let digits = line?.split(separator: "\t").last.map(String.init) ?? ""
    return (UInt64(digits, radix: 16) ?? .max) & ~(3 << 31)
  }

  /// The names in a directory; none if it cannot be read.
  package static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    let own = "\(dirfd(directory))"
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      if path.hasSuffix("/self/fd"), name == own { continue }
      names.append(name)
    }
    return names
  }

  /// The names in /dev/shm, without those of other parts of the tests.
  ///
  /// `make test` runs parts of the tests side by side, and PROCPOOL_TESTS names the part of a process. A name
  /// belongs to the process whose number is the first number in it.
  package static func sharedFiles(
    part: String? = getenv("PROCPOOL_TESTS").map { String(cString: $0) }
  ) -> [String] {
    entries("/dev/shm").filter { name in
      guard let part, let pid = name.split(whereSeparator: { !$0.isNumber }).first,
        let environment = contents("/proc/\(pid)/environ")
      else { return true }
      let variables = environment.split(separator: "\0")
      return variables.contains("PROCPOOL_TESTS=\(part)")
        || !variables.contains { $0.hasPrefix("PROCPOOL_TESTS=") }
    }
  }

  static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      let count = readlink(path, buffer.baseAddress!, buffer.count)
      guard count >= 0 else { return nil }
      return String(decoding: buffer[..<count].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The text of a file; `nil` if it cannot be read.
  package static func contents(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return readAll(file)
  }

  package static func readAll(_ file: Int32) -> String {
    var bytes: [UInt8] = []
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
      while true {
        let count = read(file, buffer.baseAddress, buffer.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        bytes.append(contentsOf: buffer[..<count])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A program could not be started.
package struct SpawnFailure: Error {
  package let code: Int32
}

extension Inspection {
  /// Starts a program with the descriptors that this process would pass on.
  ///
  /// - Parameters:
  ///   - inGroup: whether it is in the process group of this process. Otherwise it is in one of its own, and
  ///     what is sent to this one does not reach it.
  ///   - output: becomes its standard output, if given; `errors` its standard error.
  ///   - resetsSignals: whether it starts with no signal blocked or ignored, as from a terminal.
  package static func spawn(
    _ arguments: [String], inGroup: Bool = false, output: Int32? = nil, errors: Int32? = nil,
    resetsSignals: Bool = false
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
    if let errors { posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var flags = inGroup ? 0 : POSIX_SPAWN_SETPGROUP
    if resetsSignals {
      var set = sigset_t()
      sigemptyset(&set)
      posix_spawnattr_setsigmask(&attributes, &set)
      sigfillset(&set)
      posix_spawnattr_setsigdefault(&attributes, &set)
      flags |= POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var words = arguments.map { strdup($0) }
    defer { for text in words { free(text) } }
    words.append(nil)
    var pid: Int32 = 0
    let code = posix_spawn(&pid, arguments[0], &actions, &attributes, words, environ)
    guard code == 0 else { throw SpawnFailure(code: code) }
    return pid
  }

  /// Runs a program to its end, and returns what it wrote to standard output.
  package static func output(of words: [String]) throws -> String {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let pid: Int32
    do {
      defer { close(ends[1]) }
      pid = try spawn(words, output: ends[1])
    }
    let text = readAll(ends[0])
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return text
  }
}
