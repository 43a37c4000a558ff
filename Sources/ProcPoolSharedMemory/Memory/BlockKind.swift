/// The kind of value in a block, as a number in its header and in its handles. Each shared type
/// declares its own next to its conformance to ``SharedObject``; numbers must be unique.
package struct BlockKind: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}
