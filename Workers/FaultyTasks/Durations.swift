import Glibc
import ProcPool

/// Sleeps for as many milliseconds as its input says, and returns that.
package struct Sleep: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) -> Int {
    pause(milliseconds: milliseconds)
    return milliseconds
  }
}

/// Uses a processor for as many milliseconds as its input says, and returns that.
package struct Spin: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) -> Int {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {}
    return milliseconds
  }
}

/// The processor time that the worker's process has used before it began, in nanoseconds.
package struct ProcessorTimeSoFar: PoolTask {
  package init() {}
  package func run(_: Int) -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

/// Suspends for as many milliseconds as its input says, without holding its thread, and returns that.
package struct Suspend: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) async throws -> Int {
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
  }
}

/// Suspends for as many milliseconds as its input says; throws at a negative one.
package struct SleepOrThrow: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) async throws -> Int {
    if milliseconds < 0 { throw Misfit(value: milliseconds) }
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
  }
}

/// Adds up its inputs, after suspending for a long time at each.
package struct SuspendingSum: ReducingTask {
  package init() {}
  package func run(_ input: Int) async throws -> Int {
    try await Task.sleep(for: .seconds(100))
    return input
  }
  package func combine(_ output: Int, into total: inout Int) { total += output }
}

/// Takes some milliseconds for each item, and returns the item.
package struct Delay: PoolTask {
  package var milliseconds: Int
  package init(milliseconds: Int) { self.milliseconds = milliseconds }
  package func run(_ input: Int) -> Int {
    pause(milliseconds: milliseconds)
    return input
  }
}

/// Notes each item in a file, and takes its time for one of them.
package struct NoteAndPause: PoolTask {
  package var path: String
  package var item: Int
  package var milliseconds: Int
  package init(path: String, item: Int, milliseconds: Int) {
    self.path = path
    self.item = item
    self.milliseconds = milliseconds
  }

  package func run(_ input: Int) -> Int {
    Note(path: path).run(input)
    if input == item { pause(milliseconds: milliseconds) }
    return input
  }
}

/// Notes its item in a file, then waits until the file at `gate` is gone: holds an item for as long as a test
/// wants.
package struct Wait: PoolTask {
  package var gate: String
  package init(gate: String) { self.gate = gate }

  package func run(_ input: Int) -> Int {
    Note(path: gate + ".started").run(input)
    while access(gate, F_OK) == 0 { pause(milliseconds: 2) }
    return input
  }
}

/// Blocks the thread, signals or not.
package func pause(milliseconds: Int) {
  var wanted = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
  var left = timespec()
  while nanosleep(&wanted, &left) != 0 && errno == EINTR { wanted = left }
}

/// Leaves a file for each item. The item 0 waits until there are so many of them, and its file says in which
/// process.
package struct WaitForTheRest: PoolTask {
  package var directory: String
  package var count: Int
  package init(directory: String, count: Int) {
    self.directory = directory
    self.count = count
  }

  package func run(_ input: Int) {
    let name = input == 0 ? "pid-\(getpid())" : "\(input)"
    close(open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
    while input == 0, Inspection.entries(directory).count < count { pause(milliseconds: 1) }
  }
}

/// Takes as many microseconds as its input says, and tells in which process.
package struct PauseFor: PoolTask {
  package init() {}
  package func run(_ microseconds: Int) -> Int32 {
    usleep(UInt32(microseconds))
    return getpid()
  }
}

/// Takes as many microseconds as its input says. Items without input wait until `count` of them have started, for at most
/// half a minute. Returns the process.
package struct PauseUntilOthersRun: PoolTask {
  package var running: SharedCounter
  package var count: Int
  package init(running: SharedCounter, count: Int) {
    self.running = running
    self.count = count
  }

  package func run(_ microseconds: Int?) -> Int32 {
    if let microseconds {
      usleep(UInt32(microseconds))
    } else {
      running.add(1)
      for _ in 0..<30_000 where running.value < count { usleep(1000) }
    }
    return getpid()
  }
}

/// Takes as many milliseconds as its input says, then writes a line, and a word without an end.
package struct SpeakLater: PoolTask {
  package init() {}
  package func run(_ milliseconds: Int) {
    usleep(UInt32(milliseconds) * 1000)
    writeLine("a line")
    print("a word", terminator: "")
    fflush(nil)
  }
}

/// Takes as many microseconds as its input says, and returns so many bytes that follow from it.
package struct PauseAndMake: PoolTask {
  package var length: Int
  package init(length: Int) { self.length = length }

  package func output(_ microseconds: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: microseconds), count: length)
  }

  package func run(_ microseconds: Int) -> [UInt8] {
    usleep(UInt32(microseconds))
    return output(microseconds)
  }
}
