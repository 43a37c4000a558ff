/// A cache of an object per type, with one comparison per lookup.
///
/// Each type has one slot, and replaces another type in the same slot. The only cost is that
/// dynamic casts are repeated.
struct TypeCache {
  // 64 because few messages contain more types, and because the cache then needs 1 KiB per session.
  private static var slots: Int { 64 }
  private var entries: [(type: ObjectIdentifier?, object: AnyObject?)]

  init() {
    entries = Array(repeating: (nil, nil), count: Self.slots)
  }

  @inline(__always)
  private func slot(_ type: ObjectIdentifier) -> Int {
    // Metadata is aligned to 8 bytes, and rarely closer together than 32 bytes.
    let bits = UInt(bitPattern: type)
    return Int(truncatingIfNeeded: (bits >> 4) ^ (bits >> 10)) & (Self.slots &- 1)
  }

  /// Returns the cached object for `type`, or a new one from `make`.
  @inline(__always)
  mutating func object(for type: ObjectIdentifier, make: () -> AnyObject) -> AnyObject {
    let slot = slot(type)
    if entries[slot].type == type, let object = entries[slot].object { return object }
    let object = make()
    entries[slot] = (type, object)
    return object
  }
}
