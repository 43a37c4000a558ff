import ProcPoolWire

/// The coordinator's settings for a worker.
package struct Hello: Equatable, Sendable {
  /// The index of the worker in its pool.
  package var worker: UInt32
  /// The process ID of the coordinator, which the worker watches; 0 if it is the same process.
  package var coordinator: Int32
  /// The abilities that the coordinator offers.
  package var abilities: Abilities
  /// The maximum length of a body in either direction, in bytes.
  package var maximumBody: Int
  /// How long the worker polls for a frame before it sleeps, after a chunk with
  /// ``ChunkFlags/polls``, in nanoseconds.
  package var pollingTime: Int64 = 0
  /// The polling time after a chunk with ``ChunkFlags/awaitsCall``, in nanoseconds.
  package var callPollingTime: Int64 = 0
  /// The seed of `TaskContext.random`.
  package var seed: UInt64 = 0
  /// The secret of the marks (``ItemMark``) that the worker writes to standard error before each
  /// item; 0 for no marks.
  package var itemMark: UInt64 = 0
  /// The limits on the resources of the worker.
  package var limits: ResourceLimits = ResourceLimits()
  /// The entries of the environment, "NAME=VALUE", that could not be passed when the worker was
  /// started because they are not text.
  package var environment: [[UInt8]] = []
  /// The location of the status page, if there is one.
  package var page: MemoryLocation?

  /// Creates settings with default values for everything else.
  package init(worker: UInt32, coordinator: Int32, abilities: Abilities, maximumBody: Int) {
    self.worker = worker
    self.coordinator = coordinator
    self.abilities = abilities
    self.maximumBody = maximumBody
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(worker)
    writer.writeFixed(coordinator)
    writer.writeFixed(abilities.rawValue)
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
    abilities = Abilities(rawValue: try reader.readFixed(UInt32.self))
    maximumBody = Int(try reader.readFixed(Int64.self))
    pollingTime = try reader.readFixed(Int64.self)
    callPollingTime = try reader.readFixed(Int64.self)
    seed = try reader.readFixed(UInt64.self)
    itemMark = try reader.readFixed(UInt64.self)
    limits = try ResourceLimits(from: &reader)
    for _ in 0..<(try reader.readCount(minimumBytesEach: 1)) {
      environment.append(Array(try reader.readBytes(try reader.readCount(minimumBytesEach: 1))))
    }
    if try reader.readFixed(UInt8.self) != 0 { page = try MemoryLocation(from: &reader) }
    try reader.finish()
  }
}
