// The bodies of all frames. This file is the protocol's specification, together with `Frame.swift` (headers),
// `ItemPacking.swift` (items in chunks) and `Codec/` (values).
//
//   coordinator                                    worker
//     preamble, hello  ──────────────────────────▶
//                      ◀──────────────────────────  preamble, greeting
//     call, chunk, chunk, …  ────────────────────▶
//                      ◀──────────────────────────  results, failure, results, …
//                                                     (in the order in which the items were sent)
//     endCall  ──────────────────────────────────▶
//     end  ──────────────────────────────────────▶  (leaves)
//
// A worker answers each item that it was sent exactly once, in the order in which they were sent. What the
// coordinator has taken back is not answered: the gate on the status page says up to where the worker got,
// the worker skips chunks until the `resume` frame with the gate's epoch, and the positions of what follows
// count on from there.

/// The coordinator's settings for a worker.
package struct Hello: Equatable, Sendable {
  /// Which worker of the pool this is.
  package var worker: UInt32
  /// The coordinator, so that the worker can watch it; 0 if it runs in the same process.
  package var coordinator: Int32
  /// The longest body that may be sent, either way, in bytes.
  package var maximumBody: Int
  /// How long the worker polls for the next frame before it sleeps, in nanoseconds.
  package var pollingTime: Int64
  /// The same, after a chunk that is followed by another call (``ChunkFlags/awaitsCall``).
  package var callPollingTime: Int64
  /// The seed of `TaskContext.random`.
  package var seed: UInt64
  /// If not 0, the worker writes a mark (``ItemMark``) with this secret to standard error before each item.
  package var itemMark: UInt64
  /// What the worker may use.
  package var limits: ResourceLimits
  /// Entries of the environment, "NAME=VALUE", that could not be handed over when the worker was started, because they
  /// are no text.
  package var environment: [[UInt8]]
  /// Where the status page lies, if there is one.
  package var page: MemoryLocation?

  package init(
    worker: UInt32, coordinator: Int32, maximumBody: Int, pollingTime: Int64,
    callPollingTime: Int64, seed: UInt64 = 0, itemMark: UInt64 = 0,
    limits: ResourceLimits = ResourceLimits(), environment: [[UInt8]] = [], page: MemoryLocation?
  ) {
    self.worker = worker
    self.coordinator = coordinator
    self.maximumBody = maximumBody
    self.pollingTime = pollingTime
    self.callPollingTime = callPollingTime
    self.seed = seed
    self.itemMark = itemMark
    self.limits = limits
    self.environment = environment
    self.page = page
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(worker)
    writer.writeFixed(coordinator)
    writer.writeFixed(Int64(maximumBody))
    writer.writeFixed(pollingTime)
    writer.writeFixed(callPollingTime)
    writer.writeFixed(seed)
    writer.writeFixed(itemMark)
    limits.write(to: &writer)
    writer.writeVarint(UInt64(environment.count))
    for entry in environment {
      writer.writeVarint(UInt64(entry.count))
      entry.withUnsafeBytes { writer.writeBytes($0) }
    }
    writer.writeFixed(UInt8(page == nil ? 0 : 1))
    page?.write(to: &writer)
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    worker = try reader.readFixed(UInt32.self)
    coordinator = try reader.readFixed(Int32.self)
    maximumBody = Int(try reader.readFixed(Int64.self))
    pollingTime = try reader.readFixed(Int64.self)
    callPollingTime = try reader.readFixed(Int64.self)
    seed = try reader.readFixed(UInt64.self)
    itemMark = try reader.readFixed(UInt64.self)
    limits = try ResourceLimits(from: &reader)
    environment = []
    for _ in 0..<(try reader.readCount(minimumBytesEach: 1)) {
      environment.append(Array(try reader.readBytes(try reader.readCount(minimumBytesEach: 1))))
    }
    page = nil
    if try reader.readFixed(UInt8.self) != 0 { page = try MemoryLocation(from: &reader) }
    try reader.finish()
  }
}

/// What a worker's process may use; zero, or no processor, where nothing is said.
package struct ResourceLimits: Equatable, Sendable {
  /// Bytes of memory of its own.
  package var memory: UInt64
  /// Seconds of processor time.
  package var processorTime: UInt64
  /// How much it gives way to other processes.
  package var niceness: Int32
  /// The processors that it may run on.
  package var processors: [UInt32]

  package init(
    memory: UInt64 = 0, processorTime: UInt64 = 0, niceness: Int32 = 0, processors: [UInt32] = []
  ) {
    self.memory = memory
    self.processorTime = processorTime
    self.niceness = niceness
    self.processors = processors
  }

  func write(to writer: inout WireWriter) {
    writer.writeFixed(memory)
    writer.writeFixed(processorTime)
    writer.writeFixed(niceness)
    writer.writeVarint(UInt64(processors.count))
    for processor in processors { writer.writeFixed(processor) }
  }

  init(from reader: inout WireReader) throws(WireError) {
    memory = try reader.readFixed(UInt64.self)
    processorTime = try reader.readFixed(UInt64.self)
    niceness = try reader.readFixed(Int32.self)
    processors = []
    for _ in 0..<(try reader.readCount(minimumBytesEach: 4)) {
      processors.append(try reader.readFixed(UInt32.self))
    }
  }
}

/// What a worker writes to standard error between items, where the coordinator wants to know which of them
/// wrote what.
///
/// A zero byte, the secret from the worker's ``Hello``, the call and the item: nothing that a task writes by
/// chance. What follows belongs to that item; after a mark with item `UInt64.max` it belongs to none.
package struct ItemMark: Equatable, Sendable {
  /// Bytes of a mark.
  package static let size = 21
  /// Stands for no item.
  package static let none = UInt64.max

  package var call: UInt32
  package var item: UInt64

  package init(call: UInt32, item: UInt64) {
    self.call = call
    self.item = item
  }

  package func bytes(secret: UInt64) -> [UInt8] {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    return [0] + little(secret) + little(call) + little(item)
  }

  /// Reads a mark, or finds that there is none.
  package init?(_ bytes: some Collection<UInt8>, secret: UInt64) {
    let bytes = Array(bytes.prefix(Self.size))
    guard bytes.count == Self.size, bytes[0] == 0 else { return nil }
    self = bytes.withUnsafeBytes {
      ItemMark(
        call: UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 9, as: UInt32.self)),
        item: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 13, as: UInt64.self)))
    }
    guard self.bytes(secret: secret) == bytes else { return nil }
  }
}

/// A worker's answer to ``Hello``.
package struct Greeting: Equatable, Sendable {
  package var pid: Int32
  /// The build ID of the worker's program.
  package var buildID: [UInt8]
  /// Why the status page could not be attached; empty if it was.
  package var pageFailure: String

  package init(pid: Int32, buildID: [UInt8], pageFailure: String) {
    self.pid = pid
    self.buildID = buildID
    self.pageFailure = pageFailure
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(pid)
    writer.writeBlob(buildID)
    writer.writeText(pageFailure)
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    pid = try reader.readFixed(Int32.self)
    buildID = try reader.readBlob()
    pageFailure = try reader.readText()
    try reader.finish()
  }
}

/// The task of a call. With flag 1 in its header the call has one item, and the worker forgets the task when
/// it has run it.
package struct CallMessage {
  /// The mangled name of the task's type, by which the worker finds it.
  package var typeName: String
  /// The encoded task value; valid as long as the frame's bytes are.
  package var task: UnsafeRawBufferPointer

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    typeName = try reader.readText()
    task = try reader.readBytes(reader.remaining)
  }

  /// The header's flag for a call of one item.
  package static let singleFlag: UInt8 = 1

  /// Writes what comes before the encoded task value, which ends the body.
  package static func writeHead(typeName: String, to writer: inout WireWriter) {
    writer.writeText(typeName)
  }
}

/// Why items ended without an output, as a worker tells it.
package struct ErrorReport: Equatable, Sendable {
  package enum Reason: UInt8, Sendable, CaseIterable {
    /// `run` threw.
    case threw = 0
    /// `prepare` threw.
    case preparationThrew = 1
    /// The worker could not make an input of the bytes it was sent.
    case inputUndecodable = 2
    /// The output could not be encoded.
    case outputUnencodable = 3
    /// The worker's program has no such task, or could not make one of the bytes it was sent.
    case taskUnavailable = 4
  }

  package var reason: Reason
  /// The name of the error's type, as it is printed.
  package var typeName: String
  /// The error in words.
  package var message: String
  /// The error itself, if it is `Codable`: the mangled name of its type, and its encoded value.
  package var value: (typeName: String, bytes: [UInt8])?
  /// Why there is no value of an error; empty if there is one, or there is no error.
  package var valueFailure = ""
  /// Why there is none of most errors.
  package static let notCodable = "its type is not Codable"
  /// Which step of the item it was, where items have steps.
  package var step: UInt64?

  package init(
    reason: Reason, typeName: String, message: String, value: (typeName: String, bytes: [UInt8])? = nil,
    step: UInt64? = nil
  ) {
    self.step = step
    self.reason = reason
    self.typeName = typeName
    self.message = message
    self.value = value
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(reason.rawValue)
    writer.writeText(typeName)
    writer.writeText(message)
    writer.writeText(value?.typeName ?? "")
    writer.writeBlob(value?.bytes ?? [])
    writer.writeText(valueFailure)
    writer.writeVarint(step.map { $0 &+ 1 } ?? 0)
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    guard let reason = Reason(rawValue: try reader.readFixed(UInt8.self)) else {
      throw .malformed("an unknown reason for a failure", offset: 0)
    }
    self.reason = reason
    typeName = try reader.readText()
    message = try reader.readText()
    let valueType = try reader.readText()
    let bytes = try reader.readBlob()
    value = valueType.isEmpty ? nil : (valueType, bytes)
    valueFailure = try reader.readText()
    let next = try reader.readVarint()
    step = next == 0 ? nil : next - 1
    try reader.finish()
  }

  package static func == (one: ErrorReport, other: ErrorReport) -> Bool {
    one.reason == other.reason && one.typeName == other.typeName && one.message == other.message
      && one.value?.typeName == other.value?.typeName && one.value?.bytes == other.value?.bytes
      && one.valueFailure == other.valueFailure && one.step == other.step
  }
}

extension WireWriter {
  /// Bytes after their number.
  fileprivate mutating func writeBlob(_ bytes: [UInt8]) {
    writeVarint(UInt64(bytes.count))
    bytes.withUnsafeBytes { writeBytes($0) }
  }

  fileprivate mutating func writeText(_ text: String) {
    writeBlob(Array(text.utf8))
  }

  /// Appends a frame whose body `write` adds, and fills in its length.
  package mutating func writeFrame(_ header: FrameHeader, _ write: (inout WireWriter) throws -> Void) rethrows
  {
    let start = count
    _ = appendUninitialized(FrameHeader.size)
    try write(&self)
    var header = header
    header.bodyLength = count - start - FrameHeader.size
    padTo8()
    withBytes(at: start, count: FrameHeader.size) { header.store(to: $0) }
  }

  private mutating func withBytes(at offset: Int, count: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    // Mutable because the writer owns its memory; `bytes` only hides that.
    body(UnsafeMutableRawPointer(mutating: bytes.baseAddress! + offset))
  }
}

extension WireReader {
  fileprivate mutating func readBlob() throws(WireError) -> [UInt8] {
    [UInt8](try readBytes(readCount(minimumBytesEach: 1)))
  }

  /// Text that was cut in the middle of a character still says something, so it is repaired and not refused.
  fileprivate mutating func readText() throws(WireError) -> String {
    String(decoding: try readBlob(), as: UTF8.self)
  }
}
