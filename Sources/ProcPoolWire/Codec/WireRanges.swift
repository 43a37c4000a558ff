// Ranges cross the wire as their bounds, which are put in order by the sender and checked by the receiver.

extension Range: WireCodable where Bound: WireCodable {
  /// Appends the bounds.
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try lowerBound.encode(into: &writer)
    try upperBound.encode(into: &writer)
  }

  /// Reads the bounds.
  ///
  /// - Throws: ``WireError``, for bounds in the wrong order too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> Range<Bound> {
    let lower = try Bound.decode(from: &reader)
    let upper = try Bound.decode(from: &reader)
    guard lower <= upper else {
      throw WireError.malformed("a range whose bounds are in the wrong order", offset: reader.offset)
    }
    return lower..<upper
  }
}

extension ClosedRange: WireCodable where Bound: WireCodable {
  /// Appends the bounds.
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try lowerBound.encode(into: &writer)
    try upperBound.encode(into: &writer)
  }

  /// Reads the bounds.
  ///
  /// - Throws: ``WireError``, for bounds in the wrong order too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> ClosedRange<Bound> {
    let lower = try Bound.decode(from: &reader)
    let upper = try Bound.decode(from: &reader)
    guard lower <= upper else {
      throw WireError.malformed("a range whose bounds are in the wrong order", offset: reader.offset)
    }
    return lower...upper
  }
}
