import FaultyTasks
import Glibc
import ProcPool
import ProcPoolSystem

/// Coordinators in predicaments of their own, for tests: `coordinate started WAY FILE`, `coordinate statuses
/// ignored|taken`, `coordinate forked`, `coordinate demoted`, `coordinate surroundings` and `coordinate later FILE`.
struct Predicament {
  let words: [String]

  /// - Returns: whether it is one of these.
  @MainActor func perform() async throws -> Bool {
    switch words[1] {
    case "started": try await startPrograms()
    case "statuses": try await loseStatuses()
    case "forked": try await useInCopy()
    case "demoted": try await dropRights()
    case "surroundings": try await lookAround()
    case "later": try await outliveShortage()
    default: return false
    }
    return true
  }

  /// Waits for its end while a program that a task has started runs.
  private func startPrograms() async throws {
    let way = StartProgram.Way(rawValue: words[2])!
    try await withPool(workers: 2) { pool in
      let workers = try await pool.broadcast(ProcessNumber(), to: 0)
      let end = words.count > 4 ? StartProgram.End(rawValue: words[4])! : .runsOn
      let handle = pool.applyAsync(StartProgram(way, end, file: words[3]), to: 1)
      while (Inspection.contents(words[3]) ?? "").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
      print(workers.map(String.init).joined(separator: " "), 0)
      fflush(nil)
      _ = await handle.result
      try await Task.sleep(for: .seconds(600))
    }
  }

  /// Loses workers in several ways, and prints what is known of their ends, where the statuses of children go to
  /// somebody else.
  private func loseStatuses() async throws {
    if words[2] == "ignored" {
      signal(SIGCHLD, SIG_IGN)
    } else {
      try SystemThread.start(name: "thief") {
        var status: Int32 = 0
        while true { if waitpid(-1, &status, 0) < 0 { usleep(200) } }
      }
    }
    let deaths: [Death] = [
      .signal(SIGKILL), .signal(SIGTERM), .exit(0), .exit(3), .exitAtOnce(0), .exitAtOnce(4),
    ]
    try await withPool(workers: 1, configuration: PoolConfiguration(standardError: .discarded)) { pool in
      for death in deaths {
        do {
          _ = try await pool.apply(DieAt([1], by: death), to: 1)
        } catch PoolError.workerLost(let autopsy) {
          print("\(autopsy.loss.end): \(autopsy.loss.cause)")
        }
      }
      do {
        _ = try await pool.apply(Sleep(), to: 60_000, timeout: .milliseconds(50))
      } catch PoolError.timedOut(let autopsy, _) {
        print("\(autopsy.loss.cause)")
      }
    }
  }

  /// Uses a pool, and what hangs on it, in a copy of its process; prints what that says.
  @MainActor private func useInCopy() async throws {
    let pool = try Pool(workers: 2)
    _ = try await pool.apply(Echo(), to: 1)
    let early = pool.applyAsync(Sleep(), to: 60_000)
    let copy = copyThisProcess()
    if copy == 0 {
      // Whatever happens, it does not stay.
      alarm(20)
      await Self.printOutcome { _ = try await pool.map(Echo(), over: 0..<10) }
      await Self.printOutcome { _ = try await pool.apply(Echo(), to: 1) }
      await Self.printOutcome { try await pool.forEach(Suspend(), over: 0..<3) }
      await Self.printOutcome { for try await _ in pool.imap(Echo(), over: 0..<10) {} }
      await Self.printOutcome { _ = try await pool.applyAsync(Echo(), to: 1).value }
      await Self.printOutcome { _ = try await pool.submit(Echo(), to: 1) }
      await Self.printOutcome { _ = try await pool.broadcast(Echo(), to: 0) }
      await Self.printOutcome { _ = try await early.value }
      _ = pool.statistics
      pool.close()
      pool.terminate()
      await pool.join()
      print("joined")
      await Self.printOutcome { try Pool(workers: 1).terminate() }
      fflush(nil)
      _exit(0)
    }
    var status: Int32 = 0
    waitpid(copy, &status, 0)
    print("copy ended with \(status); the original has \(try await pool.apply(Echo(), to: 7))")
    pool.terminate()
    await pool.join()
  }

  @MainActor private static func printOutcome(_ body: @MainActor () async throws -> Void) async {
    do {
      try await body()
      print("no error")
    } catch {
      print(error)
    }
    fflush(nil)
  }

  /// Drops the right to send signals to its workers, then needs one of them killed.
  private func dropRights() async throws {
    let pool = try Pool(workers: 1, configuration: PoolConfiguration(standardError: .discarded))
    let worker = try await pool.broadcast(ProcessNumber(), to: 0)[0]
    guard setuid(65534) == 0 else { throw Misfit(value: 1) }
    do {
      _ = try await pool.apply(Sleep(), to: 600_000, timeout: .milliseconds(100))
    } catch {
      print(error)
    }
    pool.terminate()
    await pool.join()
    print("joined; \(worker)")
  }

  /// Loses its workers while the control group in the given folder lets no process be made, then gets them back.
  private func outliveShortage() async throws {
    let limit = { (text: String) in
      let file = open(words[2] + "/pids.max", O_WRONLY | O_CLOEXEC)
      _ = text.withCString { write(file, $0, strlen($0)) }
      close(file)
    }
    let pool = try Pool(
      workers: 2,
      configuration: PoolConfiguration(standardError: .discarded, recycling: RecyclingPolicy(standby: 0)))
    let workers = try await pool.broadcast(ProcessNumber(), to: 0)
    limit("1")
    for worker in workers { kill(worker, SIGKILL) }
    do {
      print(try await pool.map(Echo(), over: 0..<4))
    } catch {
      print("\(error)".split(separator: "\n")[0])
    }
    limit("max")
    print(try await pool.map(Echo(), over: 0..<4))
    pool.close()
    await pool.join()
  }

  /// Traces a process, all its life, and never asks what became of it.
  static func trace(_ pid: Int32) -> Never {
    typealias Trace = @convention(c) (Int, Int, Int, Int) -> Int
    let seize = 0x4206
    // By name, because it is variadic in C, which Swift does not import.
    _ = unsafeBitCast(dlsym(nil, "ptrace"), to: Trace.self)(seize, Int(pid), 0, 0)
    while true { pause() }
  }

  /// Prints what a worker finds around itself, as bytes.
  private func lookAround() async throws {
    let found = try await withPool(workers: 1) { try await $0.apply(DescribeProcess(), to: 0) }
    print(found.name, found.folder.map(String.init).joined(separator: ","))
    for variable in found.variables.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      print(variable.map(String.init).joined(separator: ","))
    }
  }
}
