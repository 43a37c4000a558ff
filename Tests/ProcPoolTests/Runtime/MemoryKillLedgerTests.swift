import Testing

@testable import ProcPool

/// As many deaths as the kernel has counted are its doing.
@Suite struct MemoryKillLedgerTests {
  private static let second: Int64 = 1_000_000_000

  @Test func twoThatAreKilledAtOnceBothHaveTheirCause() {
    var ledger = MemoryKillLedger()
    ledger.note(groups: ["/a": 5], machine: 9, now: 0)
    #expect(ledger.claim(now: 0) == nil)
    ledger.note(groups: ["/a": 7], machine: 11, now: 1)
    #expect(ledger.claim(now: 1) == .controlGroup)
    ledger.note(groups: ["/a": 7], machine: 11, now: 2)
    #expect(ledger.claim(now: 2) == .controlGroup)
    #expect(ledger.claim(now: 2) == nil)
  }

  @Test func whatTheGroupsHaveNotCountedIsTheMachines() {
    var ledger = MemoryKillLedger()
    ledger.note(groups: [:], machine: 9, now: 0)
    ledger.note(groups: [:], machine: 11, now: 1)
    #expect(ledger.claim(now: 1) == .machine && ledger.claim(now: 1) == .machine)
    #expect(ledger.claim(now: 1) == nil)
  }

  @Test func aKillIsCountedOnceWhicheverCountIsReadFirst() {
    var ledger = MemoryKillLedger()
    ledger.note(groups: ["/a": 0], machine: 0, now: 0)
    ledger.note(groups: ["/a": 1], machine: 0, now: 1)
    ledger.note(groups: ["/a": 1], machine: 1, now: 2)
    #expect(ledger.claim(now: 2) == .controlGroup)
    #expect(ledger.claim(now: 2) == nil)
  }

  @Test func groupsBelowComeAndGo() {
    var ledger = MemoryKillLedger()
    ledger.note(groups: ["/a": 1], machine: nil, now: 0)
    ledger.note(groups: ["/a": 1, "/a/b": 2], machine: nil, now: 1)
    #expect(ledger.claim(now: 1) == .controlGroup && ledger.claim(now: 1) == .controlGroup)
    ledger.note(groups: ["/a": 1], machine: nil, now: 2)
    #expect(ledger.claim(now: 2) == nil)
    // One that the process has been moved to has a past of its own.
    ledger.note(groups: ["/c": 100], machine: nil, now: 3)
    #expect(ledger.claim(now: 3) == nil)
    ledger.note(groups: ["/c": 101], machine: nil, now: 4)
    #expect(ledger.claim(now: 4) == .controlGroup)
  }

  @Test func whatNobodyClaimsIsForgotten() {
    var ledger = MemoryKillLedger()
    ledger.note(groups: ["/a": 0], machine: 0, now: 0)
    ledger.note(groups: ["/a": 3], machine: 5, now: Self.second)
    #expect(ledger.claim(now: 2 * Self.second) == .controlGroup)
    ledger.note(groups: ["/a": 3], machine: 5, now: 12 * Self.second)
    #expect(ledger.claim(now: 12 * Self.second) == nil)
  }
}
