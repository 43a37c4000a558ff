/// A mark that a worker writes to standard error between items, so that the coordinator can
/// attribute text to items.
///
/// It consists of a zero byte, the secret from the worker's ``Hello``, the call and the item, so
/// that a task does not write it by accident. The text that follows belongs to that item; after a
/// mark with item `UInt64.max` it belongs to none.
package struct ItemMark: Equatable, Sendable {
  /// The length of a mark in bytes.
  package static let size = 21
  /// The item of a mark that precedes text of no item.
  package static let none = UInt64.max

  package var call: CallID
  package var item: UInt64

  package init(call: CallID, item: UInt64) {
    self.call = call
    self.item = item
  }

  package func bytes(secret: UInt64) -> [UInt8] {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    return [0] + little(secret) + little(call.number) + little(item)
  }

  /// Parses a mark; `nil` if the bytes are not one.
  package init?(_ bytes: some Collection<UInt8>, secret: UInt64) {
    let bytes = Array(bytes.prefix(Self.size))
    guard bytes.count == Self.size, bytes[0] == 0 else { return nil }
    self = bytes.withUnsafeBytes {
      ItemMark(
        call: CallID(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 9, as: UInt32.self))),
        item: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 13, as: UInt64.self)))
    }
    guard self.bytes(secret: secret) == bytes else { return nil }
  }
}
