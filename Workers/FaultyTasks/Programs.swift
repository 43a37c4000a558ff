import Glibc
import ProcPoolWorker

/// Starts a program that does not end for ten minutes, writes its number to a file, and ends as it is told.
package struct StartProgram: PoolTask {
  package enum Way: String, Codable, Sendable, CaseIterable {
    /// In the worker's process group.
    case inGroup
    /// In a group of its own, as Foundation's `Process` starts programs.
    case inOwnGroup
    /// By a shell that ends at once, so that nobody waits for it.
    case orphaned
    /// The same, where the kernel takes the status of children, so that nothing tells that there was one.
    case unnoticed
    /// In a session of its own.
    case inOwnSession
  }

  package enum End: String, Codable, Sendable, CaseIterable {
    case returns, traps, isKilled, exits, runsOn, stops
  }

  package var way: Way
  package var end: End
  package var file: String

  package init(_ way: Way, _ end: End, file: String) {
    self.way = way
    self.end = end
    self.file = file
  }

  package func run(_ input: Int) throws -> Int {
    switch way {
    case .inGroup, .inOwnGroup:
      Note(path: file).run(Int(try Inspection.spawn(["/bin/sleep", "600"], inGroup: way == .inGroup)))
    case .orphaned:
      _ = try Inspection.output(of: ["/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $! >> '\(file)'"])
    case .unnoticed:
      signal(SIGCHLD, SIG_IGN)
      let script = "sleep 600 >/dev/null 2>&1 & echo $! >> '\(file)'"
      _ = try Inspection.spawn(["/bin/sh", "-c", script], inGroup: false)
      while (Inspection.contents(file) ?? "").isEmpty { usleep(1_000) }
    case .inOwnSession:
      let script = "setsid sleep 600 >/dev/null 2>&1 & echo $! >> '\(file)'; sleep 0.1"
      _ = try Inspection.output(of: ["/bin/sh", "-c", script])
    }
    switch end {
    case .returns: break
    case .traps: Death.trap.perform()
    case .isKilled: Death.signal(SIGKILL).perform()
    case .exits: Death.exit(3).perform()
    case .runsOn: while true { sleep(1) }
    case .stops: raise(SIGSTOP)
    }
    return input
  }
}

/// Ends the thread on which it runs.
package struct EndThread: PoolTask {
  package enum Way: String, Codable, Sendable, CaseIterable {
    case byTheCLibrary
    /// So that the C library does not know.
    case byTheKernel
  }

  package var way: Way
  package init(_ way: Way) { self.way = way }

  package func run(_ input: Int) -> Int {
    guard input == 1 else { return input }
    switch way {
    case .byTheCLibrary: pthread_exit(nil)
    case .byTheKernel: endThreadByKernel()
    }
  }
}

/// Has a process trace this one, which then waits for nobody but that one.
package struct BeTraced: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int {
    traceMe()
    return input
  }
}

/// What the process is called, and the variables of its environment whose names begin with FAULTY_BYTES, as they are.
package struct DescribeProcess: PoolTask {
  package struct Description: Codable, Sendable {
    package var name: String
    package var folder: [UInt8]
    package var variables: [[UInt8]]
  }

  package init() {}

  package func run(_ input: Int) -> Description {
    let name = (Inspection.contents("/proc/self/comm") ?? "").prefix { $0 != "\n" }
    var folder = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = max(0, readlink("/proc/self/cwd", &folder, folder.count))
    var variables: [[UInt8]] = []
    var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
    while let entry = next.pointee {
      let bytes = [UInt8](UnsafeRawBufferPointer(start: entry, count: strlen(entry)))
      if bytes.starts(with: "FAULTY_BYTES".utf8) { variables.append(bytes) }
      next += 1
    }
    return Description(
      name: String(name), folder: folder[..<length].map { UInt8(bitPattern: $0) }, variables: variables)
  }
}

// By name, because they are variadic in C, which Swift does not import; the arguments go where those of a fixed number go.

private func endThreadByKernel() -> Never {
  #if arch(x86_64)
    let exitOfThread = 60
  #else
    let exitOfThread = 93
  #endif
  typealias Call = @convention(c) (Int, Int) -> Int
  _ = unsafeBitCast(dlsym(nil, "syscall"), to: Call.self)(exitOfThread, 0)
  fatalError("the kernel did not end the thread")
}

private func traceMe() {
  typealias Trace = @convention(c) (Int, Int, Int, Int) -> Int
  let traceMe = 0
  precondition(unsafeBitCast(dlsym(nil, "ptrace"), to: Trace.self)(traceMe, 0, 0, 0) == 0)
}
