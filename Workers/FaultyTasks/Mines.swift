import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolWire

/// How a worker may come to grief.
package enum Fault: String, Codable, Sendable, CaseIterable {
  /// A trap of Swift's.
  case trap
  /// A signal that cannot be caught.
  case signal
  /// It ends itself.
  case exit
  /// It goes on living, and answers no more.
  case hang
  /// It writes what is no frame to where frames are read.
  case garbage

  /// The status with which ``exit`` ends.
  package static let status: Int32 = 3

  package static let rubbish = [UInt8](repeating: 0xEE, count: 64)

  /// Does it, and returns from nothing but garbage.
  ///
  /// - Parameter inItem: whether the calling thread is the one that serves: what it does not end it holds up.
  package func strike(inItem: Bool) {
    switch self {
    case .trap: fatalError("the worker has stepped on a mine")
    case .signal: kill(getpid(), SIGKILL)
    case .exit: Glibc.exit(Self.status)
    // From beside, only the system can hold up the thread that serves.
    case .hang: if !inItem { kill(getpid(), SIGSTOP) }
    case .garbage:
      _ = write(Inspection.onlyPipe(for: O_WRONLY)!, Self.rubbish, Self.rubbish.count)
      if !inItem { return }
    }
    while true { pause(milliseconds: 1_000_000) }
  }
}

/// Where in its life a worker may come to grief.
package enum FaultPoint: String, Codable, Sendable, CaseIterable {
  /// Before the greeting, in every program that is started.
  case everyGreeting
  /// Before the greeting, in one of the programs that are started.
  case oneGreeting
  /// With part of a frame read, and waiting for the rest.
  case reading
  case decodingTask
  case preparing
  case decodingInput
  case running
  /// When the item has run and the worker has its output, and has not said so.
  case afterwards
  case encoding
  /// With half of a results frame written.
  case writing
  /// With nothing to do.
  case idle
}

/// Something that goes wrong at some point, once: in the worker that is the first to make the file at `path`.
package struct Mine: Codable, Sendable, Equatable {
  package var fault: Fault
  package var point: FaultPoint
  /// The worker whose mine it was writes its process number there.
  package var path: String

  package init(_ fault: Fault, at point: FaultPoint, once path: String) {
    self.fault = fault
    self.point = point
    self.path = path
  }

  /// Whether this process is the first to ask.
  package static func claim(_ path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    _ = "\(getpid())\n".withCString { write(file, $0, strlen($0)) }
    close(file)
    return true
  }

  /// The worker has come to a point.
  func step(on point: FaultPoint) {
    guard point == self.point, Self.claim(path) else { return }
    if point == .writing { writeHalfAFrame() }
    fault.strike(inItem: true)
  }

  /// Results of the item that is running, up to their middle: of a header, if garbage is to follow, since in a
  /// body it would be taken for the output; otherwise of a body that several writes would take.
  private func writeHalfAFrame() {
    let pipe = Inspection.onlyPipe(for: O_WRONLY)!
    let item = TaskContext.current!.item
    let header = FrameHeader(
      .results, call: item.call, count: 1, first: UInt64(item.index),
      bodyLength: fault == .garbage ? 8 : 1 << 20)
    var bytes = [UInt8](repeating: 0, count: header.frameLength)
    bytes.withUnsafeMutableBytes { header.store(to: $0.baseAddress!) }
    var rest = bytes[..<(fault == .garbage ? FrameHeader.size / 2 : bytes.count / 2)]
    while !rest.isEmpty {
      rest = rest.dropFirst(rest.withUnsafeBytes { write(pipe, $0.baseAddress, $0.count) })
    }
  }
}

// MARK: - Points that an item comes to

/// A number that may kill whoever decodes it.
package struct MinedInput: Codable, Sendable {
  package var value: Int
  package var mine: Mine?
  /// Makes its frame as long as is wanted.
  package var ballast: [UInt8]

  package init(_ value: Int, _ mine: Mine? = nil, ballast: Int = 0) {
    self.value = value
    self.mine = mine
    self.ballast = [UInt8](repeating: 1, count: ballast)
  }

  private enum CodingKeys: CodingKey { case value, mine, ballast }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    value = try container.decode(Int.self, forKey: .value)
    mine = try container.decodeIfPresent(Mine.self, forKey: .mine)
    ballast = try container.decode([UInt8].self, forKey: .ballast)
    mine?.step(on: .decodingInput)
  }
}

/// A number that may kill whoever encodes it, or lets go of it.
package struct MinedOutput: Codable, Sendable {
  package var value: Int
  fileprivate var mine: Mine?
  /// Goes with the output, when that has been encoded or combined.
  private var wire: TripWire?

  /// What a sum begins with.
  package static let zero = MinedOutput(0, nil)

  fileprivate init(_ value: Int, _ mine: Mine?) {
    self.value = value
    self.mine = mine
    if let mine, mine.point == .afterwards { wire = TripWire(mine) }
  }

  private final class TripWire: Sendable {
    let mine: Mine
    init(_ mine: Mine) { self.mine = mine }
    deinit { mine.step(on: .afterwards) }
  }

  package init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Int.self)
  }

  package func encode(to encoder: any Encoder) throws {
    mine?.step(on: .encoding)
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// Doubles its inputs, and adds them up, if it gets so far.
package struct CrossMines: ReducingTask {
  package var mine: Mine?
  package init(_ mine: Mine? = nil) { self.mine = mine }

  private enum CodingKeys: CodingKey { case mine }

  package init(from decoder: any Decoder) throws {
    mine = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Mine.self, forKey: .mine)
    mine?.step(on: .decodingTask)
  }

  package func prepare() { mine?.step(on: .preparing) }

  package func run(_ input: MinedInput) -> MinedOutput {
    input.mine?.step(on: .running)
    input.mine?.step(on: .writing)
    return MinedOutput(2 * input.value, input.mine)
  }

  package func combine(_ next: MinedOutput, into total: inout MinedOutput) {
    total.value += next.value
    total.mine = total.mine ?? next.mine
  }
}

// MARK: - Points that no item comes to

/// Leaves a thread behind that waits until the worker reads a frame, or is idle.
package struct LayMine: PoolTask {
  /// Bytes of a frame that is long enough to be caught in the middle of.
  package static let longFrame = 64 << 20

  package var mine: Mine
  package init(_ mine: Mine) { self.mine = mine }

  package func run(_ input: Int) -> Int {
    let serving = WatchedThread()
    let pipe = Inspection.onlyPipe(for: O_RDONLY)!
    startThread { [mine] in
      switch mine.point {
      case .idle: Self.waitUntilIdle(serving, pipe)
      case .reading: if !Self.breakFrame(serving, pipe, mine) { return }
      default: fatalError("an item comes to this point by itself")
      }
      if mine.point == .reading || Mine.claim(mine.path) { mine.fault.strike(inItem: false) }
    }
    return input
  }

  /// Waits until the serving thread sleeps and nothing has come for it.
  private static func waitUntilIdle(_ serving: WatchedThread, _ pipe: Int32) {
    // Several times in a row, because it also sleeps for an instant where it waits for memory or a lock.
    var looks = 0
    while looks < 3 {
      pause(milliseconds: 1)
      looks = serving.isAsleep && waitingBytes(in: pipe) == 0 ? looks + 1 : 0
    }
  }

  /// Waits until a long frame is being read, and takes a byte out of it: the worker waits for the end of that
  /// frame from then on.
  ///
  /// - Returns: `false` if another worker was first.
  private static func breakFrame(_ serving: WatchedThread, _ pipe: Int32, _ mine: Mine) -> Bool {
    // More than the worker's first read takes, which has the frame of the call in it.
    let before = serving.bytesRead + (1 << 17)
    var isOthers = false
    while !isOthers, waitingBytes(in: pipe) == 0 || serving.bytesRead < before {
      usleep(50)
      isOthers = access(mine.path, F_OK) == 0
    }
    if isOthers || !Mine.claim(mine.path) { return false }
    var byte: UInt8 = 0
    while read(pipe, &byte, 1) != 1 { usleep(10) }
    waitUntilIdle(serving, pipe)
    return true
  }
}
