import FaultyTasks
import Glibc
import ProcPool

/// `coordinate streams …`: pools whose workers print, for tests that read it, or do not.
///
/// Standard output is the test's to read: a word for each step.
struct StreamCoordination {
  let words: [String]

  private func number(_ index: Int) -> Int { Int(words[index])! }

  private func say(_ text: String) {
    print(text)
    fflush(nil)
  }

  func perform() async throws {
    switch words[0] {
    case "lines": try await printLines()
    case "deaths": try await printBeforeDeath()
    case "timeout": try await noticeTimeout()
    case "crash": try await noticeCrash()
    case "unended": try await printUnended()
    case "bytes": try await writeBytes()
    case "replaced": try await replaceStandardError()
    case "closed": try await answer(to: words[1])
    case "bar": try await showBar()
    default: throw Misfit(value: 2)
    }
  }

  /// `lines WORKERS ITEMS LINES WORDS close|terminate [TASKS]`
  private func printLines() async throws {
    let tasks = words.count > 6 ? number(6) : nil
    let pool = try Pool(
      workers: number(1), configuration: PoolConfiguration(recycling: RecyclingPolicy(items: tasks)))
    let task = PrintLines(lines: number(3), word: "日", words: number(4))
    let outputs = try await pool.map(task, over: 0..<number(2), chunkSize: 1)
    say("called \(outputs.reduce(0, +))")
    if words[5] == "close" { pool.close() } else { pool.terminate() }
    await pool.join()
    say("joined")
  }

  /// `deaths ITEMS LINES WORDS`
  private func printBeforeDeath() async throws {
    let task = PrintAndDie(PrintLines(lines: number(2), word: "日", words: number(3)), by: .signal(SIGKILL))
    try await withPool(workers: 2) { pool in
      let results = await pool.mapResults(task, over: 0..<number(1), chunkSize: 1)
      say("lost \(results.count { if case .failure = $0 { true } else { false } })")
    }
    say("joined")
  }

  /// `timeout`: one worker prints more than anything holds, another sleeps for too long.
  private func noticeTimeout() async throws {
    let pool = try Pool(workers: 2)
    let printing = pool.applyAsync(PrintLines(lines: 400, word: "x", words: 1000), to: 0)
    do {
      _ = try await pool.apply(Sleep(), to: 100_000, timeout: .seconds(1))
    } catch PoolError.timedOut {
      say("timed out")
    }
    if words.count > 1 { _ = try await printing.value } else { pool.terminate() }
    pool.close()
    await pool.join()
    say("joined")
  }

  /// `crash`: one worker prints more than anything holds, and another crashes with a report that finds no room.
  private func noticeCrash() async throws {
    let pool = try Pool(workers: 2)
    let printing = pool.applyAsync(PrintLines(lines: 400, word: "x", words: 1000), to: 0)
    let crash = PrintAndDie(PrintLines(lines: 60, word: "y", words: 1000), by: .trap)
    do {
      _ = try await pool.apply(crash, to: 1)
    } catch PoolError.workerLost(let autopsy) {
      say("lost: \(autopsy.loss.standardError.contains("Thread 0"))")
    }
    printing.cancel()
    pool.terminate()
    await pool.join()
    say("joined")
  }

  /// `unended`: stays until it is killed.
  private func printUnended() async throws {
    try await withPool(workers: 1) { pool in
      try await pool.apply(PrintUnended("an unended 日"), to: 0)
      say("called")
      try await Task.sleep(for: .seconds(100))
    }
  }

  /// `bytes COUNT PIECE`: all bytes there are, over and over, without an end of the line now and then.
  private func writeBytes() async throws {
    let bytes = (0..<number(1)).map { UInt8(truncatingIfNeeded: $0) }
    try await withPool(workers: 1) { try await $0.apply(WriteBytes(inPiecesOf: number(2)), to: bytes) }
    say("joined")
  }

  /// `replaced PATH`: as if it became a daemon when it had its pool.
  private func replaceStandardError() async throws {
    let pool = try Pool(workers: 1)
    _ = try await pool.broadcast(Echo(), to: 0)
    for number in STDIN_FILENO...STDERR_FILENO where number != STDOUT_FILENO { close(number) }
    let file = open(words[1], O_RDWR | O_CREAT, 0o600)
    let other = open(words[1], O_RDWR | O_CREAT, 0o600)
    // A worker that is started now, too.
    _ = await pool.mapResults(PrintAndDie(PrintLines(lines: 1), by: .signal(SIGKILL)), over: [0])
    _ = try await pool.map(PrintLines(lines: 2), over: [1])
    pool.close()
    await pool.join()
    say("\(file) \(other)")
  }

  /// `closed PATH`: something of everything, whatever streams there are.
  private func answer(to path: String) async throws {
    let counter = try SharedCounter(0)
    let array = try SharedArray(0..<5_000)
    let answers = try await withPool(workers: 2) { pool in
      _ = try await pool.map(PrintLines(lines: 5, words: 1000), over: 0..<20, progress: .bar("printing"))
      _ = await pool.mapResults(PrintAndDie(PrintLines(lines: 5), by: .exit(3)), over: 0..<2)
      try await pool.forEach(
        Increment(try LockedValue(0), try LockedArray(repeating: 0, count: 4), counter), over: [20, 20])
      let sums = try await pool.map(SumShared(), over: [array, array])
      return sums + [counter.value, try await pool.map(Echo(), over: 0..<1000).reduce(0, +)]
    }
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let text = "\(answers)"
    _ = text.withCString { write(file, $0, strlen($0)) }
    close(file)
  }

  /// `bar`: a bar and nothing else.
  private func showBar() async throws {
    try await withPool(workers: 2) { pool in
      _ = try await pool.map(
        Sleep(), over: Array(repeating: 100, count: 8), chunkSize: 1, progress: .bar("sleeping"))
      say("called")
    }
    say("joined")
  }
}
