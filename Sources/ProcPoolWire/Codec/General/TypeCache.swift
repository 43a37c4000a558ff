/// Remembers an object for each type, for the price of one comparison.
///
/// Each type has one slot and drives out another that shares it: dynamic casts are repeated then, nothing
/// else.
struct TypeCache {
  // 64 because few messages hold more types, and because it makes 1 KiB per session.
  private static var slots: Int { 64 }
  private var entries: [(type: ObjectIdentifier?, object: AnyObject?)]

  init() {
    entries = Array(repeating: (nil, nil), count: Self.slots)
  }

  @inline(__always)
  private func slot(_ type: ObjectIdentifier) -> Int {
    // Metadata lies at multiples of 8 and is rarely closer together than 32 bytes.
    let bits = UInt(bitPattern: type)
    return Int(truncatingIfNeeded: (bits >> 4) ^ (bits >> 10)) & (Self.slots &- 1)
  }

  /// The object remembered for `type`; `make`s one if there is none.
  @inline(__always)
  mutating func object(for type: ObjectIdentifier, make: () -> AnyObject) -> AnyObject {
    let slot = slot(type)
    if entries[slot].type == type, let object = entries[slot].object { return object }
    let object = make()
    entries[slot] = (type, object)
    return object
  }
}
