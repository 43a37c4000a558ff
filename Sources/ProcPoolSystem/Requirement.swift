// Preconditions with a message in every build: `precondition` prints none in release builds.

/// Ends the program with a message if the caller has violated a precondition.
///
/// The message goes to standard error and into the crash report. The check costs one compare and
/// branch; the message is built in a separate function, so that it does not slow down loops.
///
/// - Parameters:
///   - message: the problem, with the values; evaluated only on failure.
@inlinable
@inline(__always)
package func require(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  guard _fastPath(condition) else { failRequirement(message, file: file, line: line) }
}

@usableFromInline
@inline(never)
package func failRequirement(_ message: () -> String, file: StaticString, line: UInt) -> Never {
  fatalError(message(), file: file, line: line)
}
