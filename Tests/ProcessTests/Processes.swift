import FaultyTasks
import Glibc
import ProcPool
import Testing

/// All suites that start processes: one test at a time, because each looks at what its process has left
/// behind.
///
/// A suite per folder. `make test` runs several of them side by side, each in a process of its own.
@Suite(.serialized, .leavesNothing, .timeLimit(.minutes(5))) struct Processes {
  @Suite struct Deaths {}
  @Suite struct Sharing {}
  @Suite struct Streams {}
  @Suite struct Surroundings {}
  @Suite struct Verbs {}
}

extension Trait where Self == NothingLeft {
  /// Each test ends by checking that nothing of its pools is left.
  static var leavesNothing: Self { NothingLeft() }
}

struct NothingLeft: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let sockets = test.traits.contains { $0 is FoundationLeavesSockets }
    try await expectNothingLeft(exceptSockets: sockets, function)
  }
}

/// Foundation leaves two sockets of its own open for each launch that fails in the kernel; the pool can do
/// nothing about it but launch no more.
struct FoundationLeavesSockets: TestTrait {}

extension Trait where Self == FoundationLeavesSockets {
  static var foundationLeavesSockets: Self { FoundationLeavesSockets() }
}

/// Runs the body and expects that no worker, descriptor, shared memory or thread of a pool stays behind.
///
/// Foundation closes a socket of its own an instant after a child has ended; and other tests of this process
/// open and close what they will. So what is there is looked at for a while, and must go.
func expectNothingLeft(
  patience: Duration = .seconds(20), exceptSockets: Bool = false, _ body: @Sendable () async throws -> Void
) async throws {
  await WarmUp.done.value
  let before = Leftovers.now()
  try await body()
  let left = await Leftovers.since(before, patience: patience) { left in
    if exceptSockets { left.descriptors = left.descriptors.filter { !$0.value.hasPrefix("socket:") } }
  }
  #expect(left.isEmpty, "left behind:\n\(left)")
}

/// The first launch makes Foundation and Dispatch open what they keep for the life of the process.
private enum WarmUp {
  static let done = Task {
    try? await withPool(workers: 1, worker: .faulty) { _ = try await $0.map(Suspend(), over: [1]) }
    try? await Task.sleep(for: .milliseconds(50))
  }
}

extension WorkerSource {
  /// The executable that lies beside the test runner.
  static let faulty = WorkerSource.executable(named: "FaultyWorker")
}

/// The two kinds of workers, for what must be the same with both.
enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case processes, threads

  var worker: WorkerSource { self == .processes ? .faulty : .threads }
  var testDescription: String { rawValue }
}

extension Result where Failure == any Error {
  /// What the body gives, or the error that it throws.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}

/// The error that the body throws, which must be the pool's.
func poolError<Value>(
  sourceLocation: SourceLocation = #_sourceLocation, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Value
) async throws -> PoolError {
  try #require(
    await #expect(throws: PoolError.self, sourceLocation: sourceLocation) { _ = try await body() },
    sourceLocation: sourceLocation)
}

extension PoolError {
  var loss: WorkerLoss? { if case .workerLost(let autopsy) = self { autopsy.loss } else { nil } }
  /// Of an item that was lost or took too long.
  var autopsy: Autopsy? {
    switch self {
    case .workerLost(let autopsy), .timedOut(let autopsy, _): autopsy
    default: nil
    }
  }
  var startFailure: WorkerStartFailure? {
    if case .workersUnavailable(let failure) = self { failure } else { nil }
  }
}

extension WorkerLoss {
  var violation: String? { if case .protocolViolation(let what) = cause { what } else { nil } }
}

/// Stops a process, and waits until all of its threads have stopped: `kill` returns earlier, and a worker that polls on
/// another processor begins an item in between.
func stop(_ pid: Int32, isolation: isolated (any Actor)? = #isolation) async {
  kill(pid, SIGSTOP)
  #expect(await eventually { Inspection.isStoppedWhole(pid) })
}

/// Waits until the condition holds.
func eventually(
  within limit: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
  _ condition: () throws -> Bool
) async rethrows -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if try condition() { return true }
    try? await Task.sleep(for: .milliseconds(2))
  }
  return try condition()
}
