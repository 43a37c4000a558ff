/// A number of bytes, of memory or data.
///
///     PayloadPolicy(maximum: .gibibytes(4))
public struct ByteCount: Hashable, Sendable {
  /// The amount in bytes.
  public var bytes: Int

  private init(_ count: Int, times unit: Int) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
    self.bytes = overflow ? (count < 0 ? .min : .max) : bytes
  }

  /// An amount in bytes.
  public static func bytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1) }
  /// An amount in units of 1 024 bytes. Amounts that an `Int` cannot hold saturate.
  public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 10) }
  /// An amount in units of 1 024 KiB. Amounts that an `Int` cannot hold saturate.
  public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 20) }
  /// An amount in units of 1 024 MiB. Amounts that an `Int` cannot hold saturate.
  public static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 30) }
}

extension ByteCount: Comparable {
  /// Orders amounts by their number of bytes.
  public static func < (one: ByteCount, other: ByteCount) -> Bool { one.bytes < other.bytes }
}

extension ByteCount: CustomStringConvertible {
  /// The exact amount in the largest unit that divides it: "64 GiB", "1536 MiB", "1000 bytes".
  public var description: String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where bytes != 0 && bytes.isMultiple(of: size) {
      return "\(bytes / size) \(unit)"
    }
    return bytes == 1 ? "1 byte" : "\(bytes) bytes"
  }
}
