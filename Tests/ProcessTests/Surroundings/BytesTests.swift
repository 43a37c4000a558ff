import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Surroundings {
  /// What the system has as bytes need not be text, and arrives as it is.
  @Suite struct Bytes {
    /// Runs a coordinator by way of a shell script, whose `$@` is the coordinator.
    private func run(_ script: String, _ words: String) throws -> Coordinator.Ending {
      try Coordinator.run(words, through: ["/bin/sh", "-c", script, "sh"])
    }

    private func numbers(_ line: Substring) -> [UInt8] { line.split(separator: ",").compactMap { UInt8($0) } }

    @Test func aFolderThatMayNotBeSearchedIsHandedDown() throws {
      guard getuid() == 0 else { return }
      let scratch = Scratch()
      let script = """
        cd '\(scratch.path)' && chmod 000 . && exec setpriv --reuid 65534 --clear-groups --bounding-set=-all "$@"
        """
      let run = try run(script, "map")
      #expect(run == Coordinator.Ending(status: 0, output: "4950\n", errors: ""))
      chmod(scratch.path, 0o700)
    }

    @Test func aFolderWhoseNameIsNoTextIsHandedDown() throws {
      let scratch = Scratch()
      let script = """
        cd '\(scratch.path)' && d=$(printf 'caf\\351') && mkdir "$d" && cd "$d" && "$@"; s=$?; cd ..; rmdir "$d"; exit $s
        """
      let run = try run(script, "surroundings")
      let words = try #require(run.output.split(separator: "\n").first, "\(run)").split(separator: " ")
      #expect(numbers(words[1]) == Array("\(scratch.path)/caf".utf8) + [0xE9])
    }

    @Test func variablesThatAreNoTextArriveAsTheyAre() throws {
      let script = """
        exec env "$(printf 'FAULTY_BYTES_1=\\377\\376')" "$(printf 'FAULTY_BYTES_\\303\\251=composed')" \
          "$(printf 'FAULTY_BYTES_e\\314\\201=decomposed')" "$(printf 'FAULTY_BYTES_\\350=name')" \
          FAULTY_BYTES_2= "FAULTY_BYTES_3=a=b" "$@"
        """
      let run = try run(script, "surroundings")
      let found = run.output.split(separator: "\n").dropFirst().map(numbers)
      let name = Array("FAULTY_BYTES_".utf8)
      let expected: [[UInt8]] = [
        name + Array("1=".utf8) + [0xFF, 0xFE],
        name + Array("2=".utf8),
        name + Array("3=a=b".utf8),
        name + [0x65, 0xCC, 0x81] + Array("=decomposed".utf8),
        name + [0xC3, 0xA9] + Array("=composed".utf8),
        name + [0xE8] + Array("=name".utf8),
      ]
      #expect(found == expected, "\(run)")
    }

    @Test func variablesThatNoProcessCanHaveAreRefused() async throws {
      for (name, value) in [("", "a"), ("A=B", "c"), ("A\u{0}B", "c"), ("A", "b\u{0}c")] {
        let error = try await poolError {
          try await withPool(
            workers: 1, worker: .faulty,
            configuration: PoolConfiguration(environment: .exactly([name: value]))
          ) {
            try await $0.apply(Echo(), to: 1)
          }
        }
        let words = "the environment variable \(String(reflecting: name)) is invalid"
        #expect(error.startFailure?.message.contains(words) == true, "\(error)")
      }
    }

    @Test func aWorkerIsFoundInAFolderWhoseNameIsNoText() throws {
      let scratch = Scratch()
      let script = """
        d='\(scratch.path)'/$(printf 'b\\374ro') && mkdir "$d" && cp "$1" "$d/FaultyWorker" && shift && \
        LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" "$d/FaultyWorker" "$@"; s=$?; rm -r "$d"; exit $s
        """
      let run = try Coordinator.run("attach", "FaultyWorker", through: ["/bin/sh", "-c", script, "sh"])
      #expect(run.status == 0 && run.output.hasPrefix("[45,"), "\(run)")
    }

    @Test func workersHaveANameInListsOfProcesses() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        for found in try await pool.broadcast(DescribeProcess(), to: 0) {
          #expect(found.name == "procpool-worker")
        }
      }
      // Also where a program starts itself, as "/proc/self/exe".
      #expect(try Coordinator.run("surroundings").output.hasPrefix("procpool-worker "))
    }

    @Test func whereThereIsNoProcItIsSaid() throws {
      guard Mounting.isAllowed else { return }
      // There may be several, one over the other.
      let command = "while umount -l /proc 2>/dev/null; do :; done; export FAULTY_ARGUMENTS='coordinate map'"
      let run = try Coordinator.run("map", through: Mounting.launcher(command))
      #expect(run.status == 1 << 8)
      #expect(run.errors.contains("/proc is not mounted here"), "\(run)")
    }
  }
}
