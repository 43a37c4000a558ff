// Ranges are encoded as their bounds, whose order the receiver checks.

extension Range: WireCodable where Bound: WireCodable {
  /// Appends the lower bound and the upper bound.
  ///
  /// - Throws: the error that encoding a bound throws.
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try lowerBound.encode(into: &writer)
    try upperBound.encode(into: &writer)
  }

  /// Reads the bounds.
  ///
  /// - Throws: ``WireError``, also for bounds in the wrong order, or the error that decoding a
  ///   bound throws.
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
  /// Appends the lower bound and the upper bound.
  ///
  /// - Throws: the error that encoding a bound throws.
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try lowerBound.encode(into: &writer)
    try upperBound.encode(into: &writer)
  }

  /// Reads the bounds.
  ///
  /// - Throws: ``WireError``, also for bounds in the wrong order, or the error that decoding a
  ///   bound throws.
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
