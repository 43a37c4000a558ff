import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Sharing {
  /// An array with a name is there for any program, and nothing but an array is taken for one.
  @Suite struct NamedArrays {
    private let name = "procpool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    /// Writes a file of that name as some other program would.
    private func write(_ bytes: [UInt8], permissions: mode_t = 0o600) {
      let file = open("/dev/shm/\(name)", O_WRONLY | O_CREAT | O_TRUNC, permissions)
      fchmod(file, permissions)
      _ = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      close(file)
    }

    private func reason(_ body: () throws -> Void) throws -> String {
      let error = #expect(throws: SharedMemoryError.self) { try body() }
      guard case .unusableName(name, let reason) = try #require(error) else {
        Issue.record("\(String(describing: error))")
        return ""
      }
      return reason
    }

    @Test func anArrayIsOpenedByItsName() async throws {
      let made = try SharedArray(named: name, repeating: 1.5, count: 1000)
      defer { unlink("/dev/shm/\(name)") }
      var status = stat()
      #expect(stat("/dev/shm/\(name)", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600 && status.st_size == 8064)
      made[3] = 17
      let opened = try SharedArray<Double>(opening: name)
      #expect(opened[3] == 17 && opened.count == 1000)
      opened[4] = 18
      #expect(made[4] == 18)
      // It travels like any other.
      let numbers = try SharedArray(named: name, repeating: 2, count: 10, replacing: true)
      let sum = try await withPool(workers: 1, worker: .faulty) {
        try await $0.apply(SumShared(), to: numbers)
      }
      #expect(sum == 20)
      #expect(opened[4] == 18)
      try SharedArray<Int>.remove(named: name)
      #expect(numbers[9] == 2)
      #expect(try reason { _ = try SharedArray<Int>(opening: name) }.contains("there is none"))
      #expect(try reason { try SharedArray<Int>.remove(named: name) }.contains("there is none"))
    }

    private static let hasNumPy =
      (try? Inspection.output(of: ["/usr/bin/env", "python3", "-c", "import numpy; print(1)"])) == "1\n"

    @Test(.enabled(if: hasNumPy, "there is no Python with NumPy here")) func numPyReadsAndWritesOne() throws {
      let array = try SharedArray(named: name, repeating: 1.5, count: 1000)
      defer { unlink("/dev/shm/\(name)") }
      let program = """
        import numpy
        a = numpy.memmap("/dev/shm/\(name)", dtype="<f8", mode="r+", offset=64)
        print(a.size, a.sum())
        a[:] = numpy.arange(1000)
        """
      #expect(try Inspection.output(of: ["/usr/bin/env", "python3", "-c", program]) == "1000 1500.0\n")
      #expect(Array(array) == (0..<1000).map(Double.init))
    }

    @Test func whatIsThereIsNotReplacedUnlessAskedTo() throws {
      let first = try SharedArray(named: name, repeating: 1, count: 10)
      defer { unlink("/dev/shm/\(name)") }
      #expect(
        try reason { _ = try SharedArray(named: name, repeating: 2, count: 10) }.contains(
          "there is one already"))
      #expect(first[0] == 1)
      #expect(try SharedArray<Int>(opening: name)[0] == 1)
    }

    @Test func aSymbolicLinkIsNotFollowed() throws {
      let target = "/tmp/\(name)"
      let file = open(target, O_WRONLY | O_CREAT, 0o600)
      close(file)
      defer {
        unlink(target)
        unlink("/dev/shm/\(name)")
      }
      #expect(symlink(target, "/dev/shm/\(name)") == 0)
      #expect(try reason { _ = try SharedArray<Int>(opening: name) }.contains("symbolic link"))
      #expect(try reason { _ = try SharedArray(named: name, repeating: 2, count: 10) }.contains("already"))
      _ = try SharedArray(named: name, repeating: 2, count: 10, replacing: true)
      var status = stat()
      #expect(stat(target, &status) == 0 && status.st_size == 0)
    }

    @Test func whatIsNoArrayIsRefusedWithTheReason() throws {
      defer { unlink("/dev/shm/\(name)") }
      func opening(_ bytes: [UInt8], permissions: mode_t = 0o600) throws -> String {
        write(bytes, permissions: permissions)
        return try reason { _ = try SharedArray<Int>(opening: name) }
      }
      #expect(try opening([]).contains("0 bytes"))
      #expect(try opening([UInt8](repeating: 0, count: 63)).contains("63 bytes"))
      #expect(try opening([UInt8](repeating: 0, count: 640)).contains("header"))
      #expect(try opening([UInt8](repeating: 0, count: 640), permissions: 0o622).contains("may write it"))
      // A right header with another size behind it.
      let array = try SharedArray(named: name, repeating: 7, count: 100, replacing: true)
      #expect(truncate("/dev/shm/\(name)", 64 + 808) == 0)
      #expect(try reason { _ = try SharedArray<Int>(opening: name) }.contains("its header says 800 bytes"))
      #expect(truncate("/dev/shm/\(name)", 64 + 800) == 0)
      #expect(throws: SharedMemoryError.self) { try SharedArray<UInt8>(opening: name) }
      #expect(try SharedArray<Int>(opening: name)[0] == array[0])
    }

    @Test(arguments: ["", ".", "..", "a/b", "/a", String(repeating: "x", count: 256), "a\0b"])
    func whatIsNoNameIsRefused(_ name: String) {
      #expect(throws: SharedMemoryError.self) { try SharedArray(named: name, repeating: 1, count: 1) }
      #expect(throws: SharedMemoryError.self) { try SharedArray<Int>(opening: name) }
      #expect(throws: SharedMemoryError.self) { try SharedArray<Int>.remove(named: name) }
    }

    @Test func moreThanThereIsRoomForIsAnErrorAndLeavesNothing() throws {
      let error = #expect(throws: SharedMemoryError.self) {
        try SharedArray(named: name, repeating: 0, count: 1 << 40)
      }
      guard case .insufficient(_, let available?, "/dev/shm") = try #require(error) else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(available > 0)
      #expect(access("/dev/shm/\(name)", F_OK) != 0)
    }
  }
}
