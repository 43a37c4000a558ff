import Testing

@testable import ProcPoolProtocol

@Suite struct TheGateLetsThroughOrTakesBack {
  private func page() -> StatusPage {
    let page = StatusPage.makePrivate()
    page.reset()
    return page
  }

  @Test func whatIsClaimedStays() {
    let page = page()
    #expect(page.claim(3))
    #expect(page.claim(2))
    #expect(page.takeBack() == (5, 1))
  }

  @Test func nothingIsClaimedBehindAClosedGate() {
    let page = page()
    _ = page.takeBack()
    #expect(!page.claim(1))
  }

  @Test func onlyTheLatestEpochReopens() {
    let page = page()
    #expect(page.takeBack().epoch == 1)
    #expect(page.takeBack().epoch == 2)
    #expect(!page.reopen(epoch: 1))
    #expect(!page.claim(1))
    #expect(page.reopen(epoch: 2))
    #expect(page.claim(1))
    #expect(page.takeBack().position == 1)
  }

  @Test func reopeningAnOpenGateChangesNothing() {
    let page = page()
    _ = page.claim(7)
    #expect(page.reopen(epoch: 0))
    #expect(page.takeBack().position == 7)
  }

  @Test func epochsWrapAround() {
    let page = page()
    for _ in 0..<(1 << 15) + 3 { _ = page.takeBack() }
    #expect(page.takeBack().epoch == 4)
    #expect(page.reopen(epoch: 4))
  }
}
