import Glibc
import ProcPoolSystem
import ProcPoolWire

/// What a worker sees of its coordinator's memory: through the coordinator's own descriptors, which have no
/// name that could be left behind.
struct CoordinatorMemory {
  let coordinator: Int32

  /// Opens the file that a location names.
  func open(_ location: MemoryLocation) throws(SystemError) -> Descriptor {
    let file = try Descriptor.open("/proc/\(coordinator)/fd/\(location.descriptor)", O_RDWR | O_NONBLOCK)
    let expected = FileIdentity(device: location.device, inode: location.inode, size: location.fileSize)
    // The descriptor's number may have become another file's.
    guard try FileIdentity(of: file) == expected else { throw SystemError(call: "attach", code: ESTALE) }
    return file
  }
}

/// The memory in which the bodies of chunks lie: mapped once each, to be read only, and as long as the
/// coordinator goes on using it.
struct BodyMappings {
  private var mappings: [FileIdentity: (mapping: SharedMapping, age: Int)] = [:]

  mutating func body(
    at location: BodyLocation, of memory: CoordinatorMemory
  ) throws(SystemError) -> UnsafeRawBufferPointer {
    let place = location.memory
    let identity = FileIdentity(device: place.device, inode: place.inode, size: place.fileSize)
    if mappings[identity] == nil {
      let mapping = try SharedMapping(memory.open(place), count: place.fileSize, isWritable: false)
      try mapping.populate()
      mappings[identity] = (mapping, 0)
      forgetOld()
    }
    mappings[identity]!.age = 0
    return UnsafeRawBufferPointer(
      start: mappings[identity]!.mapping.base + place.offset, count: location.length)
  }

  var isEmpty: Bool { mappings.isEmpty }

  mutating func removeAll() { mappings.removeAll() }

  /// Something new has come in the place of something, perhaps: what has not been asked for since some other
  /// new ones came goes.
  private mutating func forgetOld() {
    for identity in mappings.keys { mappings[identity]!.age += 1 }
    mappings = mappings.filter { $0.value.age <= Self.oldest }
  }

  /// More than a coordinator has in use at a time for two workers, so that they are not mapped in turns.
  private static let oldest = 8
}
