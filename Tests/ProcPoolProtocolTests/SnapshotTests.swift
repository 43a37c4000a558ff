import ProcPoolSystem
import Synchronization
import Testing

@testable import ProcPoolProtocol

@Suite struct AWorkerCanBeLookedAtFromOutside {
  private func page() -> StatusPage {
    let page = StatusPage.makePrivate()
    page.reset()
    return page
  }

  private func look(_ page: StatusPage) -> StatusPage.Snapshot? { page.snapshot(now: MonotonicClock.now()) }

  private func word(_ page: StatusPage, _ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    page[PageField(at: offset)]
  }

  @Test func whereThereIsNoProcessThereIsNothingToSee() {
    let page = page()
    #expect(look(page) == nil)
    page.note(process: 7)
    #expect(look(page)?.process == 7)
    #expect(look(page)?.worker == nil)
    page.note(worker: WorkerID(index: 0), restarts: 3)
    #expect(look(page)?.worker == WorkerID(index: 0))
    #expect(look(page)?.restarts == 3)
    page.note(process: nil)
    #expect(look(page) == nil)
  }

  @Test func theItemFollowsFromTheChunkAndThePosition() throws {
    let page = page()
    page.note(process: 7)
    page.noteChunk(call: 3, first: 100, position: 20)
    page.note(.idle, at: 20)
    #expect(look(page)?.running == nil)
    page.noteRunning(20)
    #expect(look(page)?.running == ItemID(call: 3, index: 100))
    #expect(look(page)?.isFirstOfChunk == true)
    page.noteRunning(25)
    #expect(look(page)?.running == ItemID(call: 3, index: 105))
    #expect(look(page)?.isFirstOfChunk == false)
    // A step within the item counts for itself.
    page[PageLayout.step].pointee.store(778, ordering: .relaxed)
    #expect(look(page)?.running == ItemID(call: 3, index: 777))
  }

  @Test func aTaskLabelIsCutToItsRoom() {
    let page = page()
    page.note(process: 7)
    #expect(look(page)?.task == "")
    page.note(TaskLabel("Power<Double>"))
    #expect(look(page)?.task == "Power<Double>")
    page.note(TaskLabel(String(repeating: "x", count: 70)))
    #expect(look(page)?.task == String(repeating: "x", count: 64))
    page.note(TaskLabel("Größe"))
    #expect(look(page)?.task == "Größe")
  }

  @Test func whatProcessesBeforeHadDoneIsKept() {
    let page = page()
    page.note(.idle, at: 30)
    page.reset()
    page.note(.idle, at: 5)
    page.reset()
    #expect(page.itemsOfAll == 35)
    page.note(process: 7)
    page.note(.idle, at: 4)
    #expect(page.itemsOfAll == 39)
    #expect(look(page)?.restarts == 0)
    #expect(look(page)?.running == nil)
  }

  @Test func aPageOfAnotherVersionIsNotUnderstood() {
    let page = page()
    page.note(process: 7)
    word(page, 512).pointee.store(99, ordering: .relaxed)
    #expect(look(page) == nil)
    // Nor is it by a coordinator that makes it its own.
    page.reset()
    page.note(process: 7)
    #expect(page.itemsOfAll == 0)
  }

  @Test func whateverATaskWritesThereIsUnderstoodSomehow() {
    let page = page()
    let seed = UInt64.random(in: .min ... .max)
    var state = seed
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
    for round in 0..<20_000 {
      for offset in stride(from: 0, to: 704, by: 8) where offset != 512 && random() & 3 == 0 {
        word(page, offset).pointee.store(round & 1 == 0 ? random() : .max, ordering: .relaxed)
      }
      word(page, 520).pointee.store(random() & 0xFFFF, ordering: .relaxed)
      if let sight = look(page) { #expect(sight.task.utf8.count <= 3 * 64, "seed \(seed)") }
    }
  }
}
