private import CProcPoolShims

/// How deeply values may be nested: as far as the stack of the thread that encodes or decodes them allows.
///
/// Both are recursive, so each level takes a piece of the stack, whose size is up to the type and to the
/// compiler's settings: for a linked object of one property 0.9 KB with optimisation, and 2 KB in a debug build, of
/// which a worker's 8 MiB hold some 4000. No number of levels would be right for a thread of 8 MiB and for one of
/// 512 KiB, and none would be safe for all types.
/// Therefore what is left of the stack is looked at whenever a container is opened.
@usableFromInline
enum Nesting {
  /// Where nothing is known of the stack: 200 levels of 2 KB fit 512 KiB.
  private static let depthOnUnknownStack = 200

  /// How many steps of the path to a value that is too deep are in the error: thousands say no more than the
  /// first, and would fill a screen.
  static let pathLength = 16

  /// What completing or releasing one container may take of the stack, which is recursive where opening it is not.
  /// An estimate on the safe side: as much as a whole level takes without optimisation.
  private static let stackOfOpenContainer = 2 << 10

  /// Checks that a container may be opened inside `depth` others.
  ///
  /// - Parameter waiting: how many of those, one in another, were opened by name (`nestedContainer`), in a loop
  ///   perhaps: nothing of them is on the stack yet.
  @usableFromInline
  static func check(_ depth: Int, waiting: Int = 0) throws(WireError) {
    let room = procpool_stack_room()
    if room > waiting &* stackOfOpenContainer && depth < WireLimits.maximumDepth { return }
    if room < 0 && depth < depthOnUnknownStack { return }
    throw .tooDeep(limit: depth)
  }
}
