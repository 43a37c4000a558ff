// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// The messages are the documentation.

// Functions that cannot be called, for the message that the compiler reports instead of one about types.

extension SharedMatrix {
  @available(
    *, unavailable,
    message:
      "say that these are lines: withSpan(ofLines:); a line is a row, or a column of a column-major matrix"
  )
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result { fatalError() }

  @available(
    *, unavailable,
    message:
      "say that these are lines: withMutableSpan(ofLines:); a line is a row, or a column of a column-major matrix"
  )
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result { fatalError() }
}
