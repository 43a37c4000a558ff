/// What a block holds: a number in its header and in its handles. Each shared type declares its own, beside its
/// conformance to ``SharedObject``, and none is used twice.
package struct BlockKind: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}
