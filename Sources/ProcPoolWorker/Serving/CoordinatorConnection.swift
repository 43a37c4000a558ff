import Glibc
import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// The pipes of a worker after the handshake.
struct CoordinatorConnection: ~Copyable {
  let hello: Hello
  let tasks: Descriptor
  let results: Descriptor
  /// The socket by which files are passed to the coordinator; `nil` if there is none.
  let passing: Descriptor?
  let input: InputBuffer
  let page: StatusPage
  /// The abilities that the coordinator offers and this worker accepts.
  let abilities: Abilities
  /// The reason why the page is not shared; empty if it is shared.
  private let pageFailure: String

  /// The reason why a handshake failed.
  enum Failure: Error, CustomStringConvertible {
    /// The coordinator closed the pipe before it sent a hello.
    case coordinatorGone
    /// The hello is invalid, as the text describes.
    case invalid(String)
    /// A system call failed: the operation and the error.
    case refused(String, SystemError)

    var description: String {
      switch self {
      case .coordinatorGone: "the coordinator is gone"
      case .invalid(let reason): reason
      case .refused(let what, let error): "\(what): \(error)"
      }
    }
  }

  /// Waits for the coordinator's hello, and attaches the status page.
  ///
  /// - Parameter page: the status page of a worker on threads; `nil` to attach the page that the
  ///   hello specifies.
  init(streams: consuming WorkerStreams, page given: StatusPage?) throws(Failure) {
    var input = InputBuffer()
    let numbers = streams.relinquish()
    let tasks = Descriptor(owning: numbers.tasks)
    let results = Descriptor(owning: numbers.results)
    let passing = numbers.passing.map { Descriptor(owning: $0) }
    let hello = try Self.receiveHello(from: tasks, &input)
    do throws(SystemError) {
      try Self.apply(hello.limits)
    } catch {
      throw .refused("cannot apply the pool's worker limits (`WorkerLimits`)", error)
    }
    // Before any code reads the environment.
    ProcessEnvironment.add(hello.environment)
    let page = given.map { AttachedPage(page: $0, failure: "") } ?? Self.attachPage(hello)

    if given == nil {
      do throws(SystemError) {
        try ForkedCopy.unshare(page.page.memory)
      } catch {
        throw .refused("cannot exclude forked copies from its memory", error)
      }
    }

    // If this worker cannot open descriptors of the coordinator, the reverse may also be
    // impossible.
    if !page.failure.isEmpty { BlockServer.start() } else if given == nil { BlockServer.startIfClosed() }
    self.hello = hello
    self.page = page.page
    abilities = page.failure.isEmpty ? hello.abilities : hello.abilities.subtracting(.needPage)
    pageFailure = page.failure
    self.input = input
    self.tasks = tasks
    self.results = results
    self.passing = passing
  }

  /// Sends the greeting, after which the worker receives work.
  func sendGreeting() throws(Failure) {
    var writer = WireWriter()
    Preamble.bytes.withUnsafeBytes { writer.writeBytes($0) }
    let greeting = Greeting(
      pid: ProgramIdentity.pid, abilities: abilities, buildID: ProgramIdentity.buildID,
      pageFailure: pageFailure)
    writer.writeFrame(FrameHeader(.greeting)) { greeting.write(to: &$0) }
    do throws(SystemError) {
      guard try results.writeAll(writer.bytes) else { throw SystemError(call: "write", code: EPIPE) }
      try tasks.setNonBlocking()
    } catch {
      throw .refused("cannot complete the handshake", error)
    }
  }

  /// Applies the limits, before the process can exceed them.
  private static func apply(_ limits: ResourceLimits) throws(SystemError) {
    if !limits.processors.isEmpty { try OwnLimits.setProcessors(limits.processors) }
    if limits.niceness != 0 { try OwnLimits.setNiceness(limits.niceness) }
    if limits.processorTime != 0 { try OwnLimits.setProcessorTime(seconds: limits.processorTime) }
    if limits.memory != 0 { try OwnLimits.setMemory(limits.memory) }
  }

  private static func receiveHello(
    from tasks: borrowing Descriptor, _ input: inout InputBuffer
  ) throws(Failure) -> Hello {
    var hasPreamble = false
    while true {
      var needed = Preamble.size
      do {
        if !hasPreamble, try Preamble.check(input.bytes) {
          hasPreamble = true
          input.consume(Preamble.size)
        }
        if hasPreamble {
          switch try FrameScan.scan(input.bytes, limit: longestHello) {
          case .needs(let length): needed = length
          case .frame(let header): return try takeHello(header, &input)
          }
        }
        switch try input.read(from: tasks, frameLength: needed) {
        case .moved: continue
        case .closed: throw Failure.coordinatorGone
        case .wouldBlock: try tasks.waitUntilReady(for: Int16(POLLIN))
        }
      } catch let error as Failure {
        throw error
      } catch let error as SystemError {
        throw .refused("cannot read the coordinator's hello", error)
      } catch {
        throw .invalid("\(error)")
      }
    }
  }

  /// The maximum length of a hello in bytes: some hundred, plus the environment entries that are
  /// not text, which the kernel limits to a few megabytes.
  private static let longestHello = 1 << 24

  private static func takeHello(_ header: FrameHeader, _ input: inout InputBuffer) throws -> Hello {
    guard header.kind == .hello else { throw FrameError.unexpected("a \(header.kind) frame before hello") }
    let hello = try Hello(
      from: UnsafeRawBufferPointer(rebasing: input.bytes[FrameHeader.size...].prefix(header.bodyLength)))
    input.consume(header.frameLength)
    return hello
  }

  private struct AttachedPage {
    let page: StatusPage
    /// Why it is not the coordinator's; empty if it is, or if there is none.
    let failure: String
  }

  /// Maps the status page. If that fails, the worker uses a private page, and writes each result
  /// immediately.
  private static func attachPage(_ hello: Hello) -> AttachedPage {
    var failure = ""
    if let location = hello.page {
      do throws(SystemError) {
        let file = try location.identity.open(
          ofProcess: hello.coordinator, descriptor: location.descriptor)
        let mapping = try SharedMapping(file, offset: location.offset, count: StatusPage.size)
        return AttachedPage(page: StatusPage(mapping), failure: "")
      } catch {
        failure = error.description
      }
    }
    let page = StatusPage.makePrivate()
    page.reset()
    return AttachedPage(page: page, failure: failure)
  }
}
