/// The abilities of a worker beyond running chunks. `hello` offers a set, and the greeting accepts
/// a subset: an ability that only one side has is not used.
package struct Abilities: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The coordinator can read the worker's status page while it runs and after it has ended.
  package static let hasStatusPage = Abilities(rawValue: 1)
  /// Items that the worker has not claimed can be taken back, through the gate of its status page.
  package static let givesBack = Abilities(rawValue: 2)
  /// The worker can map files in the coordinator's memory, so that long payloads bypass its pipes.
  package static let sharesMemory = Abilities(rawValue: 4)
  /// The worker's memory is separate from the coordinator's: shared blocks are mapped and lent, and
  /// memory can be limited and measured.
  package static let hasOwnMemory = Abilities(rawValue: 8)
  /// The worker can be signalled: stopped, terminated and killed. It has an exit status after its
  /// end. A worker without this ability is abandoned rather than killed.
  package static let canBeSignalled = Abilities(rawValue: 16)
  /// The worker has its own standard error, whose text can be attributed to its items.
  package static let hasStandardError = Abilities(rawValue: 32)

  /// Abilities that require a status page shared with the coordinator.
  package static let needPage: Abilities = [.hasStatusPage, .givesBack, .sharesMemory]

  /// A process on this machine.
  package static let process: Abilities = [
    .hasStatusPage, .givesBack, .sharesMemory, .hasOwnMemory, .canBeSignalled, .hasStandardError,
  ]
  /// A thread of the coordinator's process.
  package static let thread: Abilities = [.hasStatusPage, .givesBack]
}

extension Abilities {
  /// All abilities, as the wire guide lists them.
  package static var names: [(ability: Abilities, name: String)] {
    [
      (.hasStatusPage, "hasStatusPage"), (.givesBack, "givesBack"), (.sharesMemory, "sharesMemory"),
      (.hasOwnMemory, "hasOwnMemory"), (.canBeSignalled, "canBeSignalled"),
      (.hasStandardError, "hasStandardError"),
    ]
  }
}
