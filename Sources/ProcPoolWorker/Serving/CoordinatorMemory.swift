import Glibc
import ProcPoolSystem
import ProcPoolWire

/// What a worker sees of its coordinator's memory: through the coordinator's own descriptors, which have no
/// name that could be left behind.
struct CoordinatorMemory {
  let coordinator: Int32

  /// Opens the file that a location names.
  func open(_ location: MemoryLocation, isWritable: Bool) throws(SystemError) -> Descriptor {
    let mode = isWritable ? O_RDWR : O_RDONLY
    let file = try Descriptor.open(
      "/proc/\(coordinator)/fd/\(location.descriptor)", mode | O_NONBLOCK | O_NOCTTY)
    let expected = FileIdentity(device: location.device, inode: location.inode, size: location.fileSize)
    // The descriptor's number may have become another file's.
    guard try FileIdentity(of: file) == expected else { throw SystemError(call: "attach", code: ESTALE) }
    return file
  }
}

/// The memory in which the bodies of chunks lie: mapped once each, to be read only, and as long as the
/// coordinator goes on using it.
struct BodyMappings {
  private var mappings: [FileIdentity: (mapping: SharedMapping, used: Int64)] = [:]

  /// As long as a coordinator keeps what nobody wants. Nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  mutating func body(
    at location: BodyLocation, of memory: CoordinatorMemory
  ) throws(SystemError) -> UnsafeRawBufferPointer {
    let place = location.memory
    let identity = FileIdentity(device: place.device, inode: place.inode, size: place.fileSize)
    if mappings[identity] == nil {
      let file = try memory.open(place, isWritable: false)
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
