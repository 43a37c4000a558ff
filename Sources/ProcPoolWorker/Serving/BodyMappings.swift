import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

extension MemoryLocation {
  var identity: FileIdentity { FileIdentity(device: device, inode: inode, size: fileSize) }
}

/// Mappings of the coordinator's memory for the bodies of chunks or for outputs. Each file is
/// mapped once, and stays mapped while the coordinator uses it.
struct BodyMappings {
  /// Whether the memory is mapped for writing.
  private let isWritable: Bool
  private var mappings: [FileIdentity: (mapping: SharedMapping, used: Int64)] = [:]

  /// How long an unused mapping is kept, in nanoseconds: as long as the coordinator keeps unused
  /// memory.
  private static let patience: Int64 = 1_000_000_000

  init(isWritable: Bool) { self.isWritable = isWritable }

  mutating func mapping(
    at location: BodyLocation, of coordinator: Int32
  ) throws(SystemError) -> SharedMapping {
    let place = location.memory
    let identity = place.identity
    if mappings[identity] == nil {
      let file = try identity.open(
        ofProcess: coordinator, descriptor: place.descriptor, isWritable: isWritable)
      let mapping = try SharedMapping(file, count: place.fileSize, isWritable: isWritable)
      // A forked copy of this process may continue as if it were the worker.
      if isWritable { try mapping.keepFromCopies() }
      // Saves page faults; not required.
      try? mapping.populate()
      mappings[identity] = (mapping, 0)
    }
    mappings[identity]!.used = MonotonicClock.now()
    return mappings[identity]!.mapping
  }

  var isEmpty: Bool { mappings.isEmpty }

  mutating func removeAll() { mappings.removeAll() }

  /// Releases mappings that have not been used recently: the coordinator may have released the
  /// memory.
  mutating func removeOld() {
    let now = MonotonicClock.now()
    mappings = mappings.filter { now - $0.value.used < Self.patience }
  }
}
