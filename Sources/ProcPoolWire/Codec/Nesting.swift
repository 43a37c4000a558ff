private import CProcPoolShims

/// The limit on the depth of nested values, which is given by the stack of the thread that encodes
/// or decodes them.
///
/// Encoding and decoding are recursive. The stack that a level needs depends on the type and on the
/// optimisation: for a linked object with one property 0.9 KB, or 2 KB in a debug build, of which a
/// worker's 8 MiB hold about 4000. No fixed number of levels suits threads of 8 MiB and of 512 KiB,
/// or all types. Therefore the remaining stack is checked whenever a container is opened.
@usableFromInline
enum Nesting {
  /// The maximum depth if the bounds of the stack are unknown: 200 levels of 2 KB fit 512 KiB.
  private static let depthOnUnknownStack = 200

  /// The number of path components in the error for a value that is too deep. More of them would
  /// fill the screen without saying more.
  static let pathLength = 16

  /// The stack in bytes that completing or releasing one container may need, which is recursive
  /// even if opening it is not. A conservative estimate: the size of a whole level without
  /// optimisation.
  private static let stackOfOpenContainer = 2 << 10

  /// Checks that a container may be opened inside `depth` others.
  ///
  /// - Parameter waiting: the number of those containers that were opened with `nestedContainer`,
  ///   possibly in a loop, so that they do not use the stack yet.
  @usableFromInline
  static func check(_ depth: Int, waiting: Int = 0) throws(WireError) {
    let room = procpool_stack_room()
    if room > waiting &* stackOfOpenContainer && depth < WireLimits.maximumDepth { return }
    if room < 0 && depth < depthOnUnknownStack { return }
    throw .tooDeep(limit: depth)
  }
}
