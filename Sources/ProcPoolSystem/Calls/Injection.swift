#if DEBUG
  import Glibc
  import Synchronization

  /// Makes calls to the C library fail, for tests. It does not exist in release builds.
  ///
  /// The environment variable PROCPOOL_INJECT specifies the calls, for a process and those that it
  /// starts, and a file after an `@`:
  ///
  ///     coordinator:read:17:EINTR@/tmp/report   the 17th `read` of the process that is not a worker
  ///     worker:writev:3:short@/tmp/report       moves one byte; in the first worker that comes so far, and in no
  ///                                             other
  ///     worker:mmap:every:ENOMEM@/tmp/report    all of them, in all workers
  ///     record@/tmp/report                      none; each call adds a line to the file, `worker 4711 read`
  ///
  /// Commas separate several rules. When the first rule applies, it creates the file
  /// `/tmp/report.0`, the second creates `/tmp/report.1`, and so on.
  final class Injection: Sendable {
    enum Fault: Equatable {
      case failure(Int32)
      case short
    }

    private enum Role: String { case coordinator, worker }

    private struct Rule {
      var role: Role
      var call: SystemCall
      /// The number of the call in the process, from 1; `nil` for every call.
      var occurrence: Int?
      var fault: Fault
      /// The file that the rule creates.
      var report: String
    }

    private struct State {
      /// The role of the process: coordinator until it becomes a worker.
      var role = Role.coordinator
      var counts: [SystemCall: Int] = [:]
    }

    private static let current = getenv("PROCPOOL_INJECT").map { Injection(String(cString: $0)) }

    private let rules: [Rule]
    /// The file to which calls are added.
    private let record: String?
    private let state = Mutex(State())

    /// The fault for the next call; `nil` to make the call normally.
    static func strike(_ call: SystemCall) -> Fault? { current?.strike(call) }

    /// The process is a worker from here on.
    static func becomeWorker() { current?.state.withLock { $0.role = .worker } }

    private func strike(_ call: SystemCall) -> Fault? {
      let (role, count) = state.withLock { state in
        state.counts[call, default: 0] += 1
        return (state.role, state.counts[call]!)
      }
      if let record { Self.add("\(role) \(getpid()) \(call.rawValue)\n", to: record) }
      for rule in rules where rule.role == role && rule.call == call {
        if let occurrence = rule.occurrence {
          // Creating the file decides in which of several processes the rule applies.
          if occurrence == count, Self.make(rule.report, O_EXCL) { return rule.fault }
        } else {
          if count == 1 { _ = Self.make(rule.report, 0) }
          return rule.fault
        }
      }
      return nil
    }

    // Not by `attempt`, because these calls are not part of the product.

    private static func make(_ path: String, _ flags: Int32) -> Bool {
      let file = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o600)
      if file >= 0 { Glibc.close(file) }
      return file >= 0
    }

    private static func add(_ line: String, to path: String) {
      let file = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
      _ = line.withCString { Glibc.write(file, $0, strlen($0)) }
      Glibc.close(file)
    }

    // MARK: - The variable

    private static let codes = [
      "EACCES": EACCES, "EADDRINUSE": EADDRINUSE, "EAGAIN": EAGAIN, "EBUSY": EBUSY, "ECHILD": ECHILD,
      "ECONNABORTED": ECONNABORTED, "ECONNREFUSED": ECONNREFUSED, "EEXIST": EEXIST, "EINTR": EINTR,
      "EINVAL": EINVAL, "EMFILE": EMFILE, "ENFILE": ENFILE, "ENOENT": ENOENT, "ENOMEM": ENOMEM,
      "ENOSPC": ENOSPC, "ENOSYS": ENOSYS, "EPERM": EPERM, "EPIPE": EPIPE, "ETOOMANYREFS": ETOOMANYREFS,
    ]

    private init(_ text: String) {
      let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { Self.refuse(text, "it names no file after an @") }
      let words = parts[0].split(separator: ",")
      record = words.contains("record") ? parts[1] : nil
      rules = words.filter { $0 != "record" }.enumerated().map {
        Self.rule($1, report: "\(parts[1]).\($0)")
      }
    }

    private static func rule(_ text: Substring, report: String) -> Rule {
      let words = text.split(separator: ":").map(String.init)
      guard words.count == 4 else { refuse(text, "it is not role:call:occurrence:failure") }
      guard let role = Role(rawValue: words[0]) else { refuse(text, "a role is coordinator or worker") }
      guard let call = SystemCall(rawValue: words[1]) else {
        refuse(text, "calls are \(SystemCall.allCases.map(\.rawValue).joined(separator: " "))")
      }
      let occurrence = Int(words[2])
      guard occurrence ?? 0 > 0 || words[2] == "every" else {
        refuse(text, "an occurrence is 1, 2, … or every")
      }
      if words[3] == "short" {
        guard [.read, .write, .writev].contains(call) else { refuse(text, "\(words[1]) moves no bytes") }
        return Rule(role: role, call: call, occurrence: occurrence, fault: .short, report: report)
      }
      guard let code = codes[words[3]] else {
        refuse(text, "failures are short \(codes.keys.sorted().joined(separator: " "))")
      }
      return Rule(role: role, call: call, occurrence: occurrence, fault: .failure(code), report: report)
    }

    private static func refuse(_ text: some StringProtocol, _ reason: String) -> Never {
      let line = "PROCPOOL_INJECT: '\(text)' makes no sense: \(reason)\n"
      _ = line.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
      _exit(64)  // EX_USAGE
    }
  }
#endif
