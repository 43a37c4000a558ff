import ProcPoolSystem
import ProcPoolWire

extension MemoryLocation {
  var identity: FileIdentity { FileIdentity(device: device, inode: inode, size: fileSize) }
}

/// The memory in which the bodies of chunks lie: mapped once each, to be read only, and as long as the
/// coordinator goes on using it.
struct BodyMappings {
  private var mappings: [FileIdentity: (mapping: SharedMapping, used: Int64)] = [:]

  /// As long as a coordinator keeps what nobody wants. Nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  mutating func body(
    at location: BodyLocation, of coordinator: Int32
  ) throws(SystemError) -> UnsafeRawBufferPointer {
    let place = location.memory
    let identity = place.identity
    if mappings[identity] == nil {
      let file = try identity.open(ofProcess: coordinator, descriptor: place.descriptor, isWritable: false)
      let mapping = try SharedMapping(file, count: place.fileSize, isWritable: false)
      // It saves faults, and nothing is wrong without it.
      try? mapping.populate()
      mappings[identity] = (mapping, 0)
    }
    mappings[identity]!.used = MonotonicClock.now()
    return UnsafeRawBufferPointer(
      start: mappings[identity]!.mapping.base + place.offset, count: location.length)
  }

  var isEmpty: Bool { mappings.isEmpty }

  mutating func removeAll() { mappings.removeAll() }

  /// Lets go of what has not been asked for lately: the coordinator may have let go of it, too.
  mutating func removeOld() {
    let now = MonotonicClock.now()
    mappings = mappings.filter { now - $0.value.used < Self.patience }
  }
}
