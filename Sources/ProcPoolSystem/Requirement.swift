// Preconditions that say what is wrong in every build: `precondition` is silent in release builds.

/// Ends the program with a message if the caller has broken a precondition.
///
/// The message goes to standard error and into the crash report. The check costs one compare and branch; the
/// message is built in a function of its own, out of the way of the loops that check.
///
/// - Parameters:
///   - message: what was wrong, with the values; evaluated only on failure.
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
