import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

extension MemoryLocation {
  var identity: FileIdentity { FileIdentity(device: device, inode: inode, size: fileSize) }
}

/// Memory of the coordinator's in which the bodies of chunks lie, or where outputs are to lie: mapped once
/// each, and as long as the coordinator goes on using it.
struct BodyMappings {
  /// Else the memory is to be read only.
  private let isWritable: Bool
  private var mappings: [FileIdentity: (mapping: SharedMapping, used: Int64)] = [:]

  /// As long as a coordinator keeps what nobody wants. Nanoseconds.
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
      // A copy that a task makes may go on as if it were this worker.
      if isWritable { try mapping.keepFromCopies() }
      // It saves faults, and nothing is wrong without it.
      try? mapping.populate()
      mappings[identity] = (mapping, 0)
    }
    mappings[identity]!.used = MonotonicClock.now()
    return mappings[identity]!.mapping
  }

  var isEmpty: Bool { mappings.isEmpty }

  mutating func removeAll() { mappings.removeAll() }

  /// Lets go of what has not been asked for lately: the coordinator may have let go of it, too.
  mutating func removeOld() {
    let now = MonotonicClock.now()
    mappings = mappings.filter { now - $0.value.used < Self.patience }
  }
}
