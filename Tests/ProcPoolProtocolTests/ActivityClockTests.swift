import Glibc
import ProcPoolSystem
import Synchronization
import Testing

@testable import ProcPoolProtocol

@Suite struct TheActivityClockAddsUp {
  private let page: StatusPage = {
    let page = StatusPage.makePrivate()
    page.reset()
    return page
  }()

  private func pause() { usleep(3000) }

  @Test func timeGoesToTheActivityThatItWasSpentOn() {
    let began = MonotonicClock.now()
    page.clock.start()
    var last = page.spent().times
    for activity in Activity.allCases + [.waiting, .running] {
      page.clock.enter(activity)
      last = page.spent().times
      pause()
      let times = page.spent().times
      #expect(times[activity.rawValue] - last[activity.rawValue] >= 3_000_000, "\(activity)")
      for other in Activity.allCases where other != activity {
        #expect(times[other.rawValue] == last[other.rawValue], "\(other) while \(activity)")
      }
    }
    let total = page.spent().times.wrappedSum()
    #expect(total <= UInt64(MonotonicClock.now() - began) && total >= 24_000_000)
  }

  @Test func aPageOfAWorkerThatHasNotBegunSaysNothing() {
    #expect(page.spent().times == ActivityTimes() && page.spent().bytesCopied == 0)
  }

  @Test func bytesAddUp() {
    page.clock.count(copied: 5)
    page.clock.count(copied: 7)
    #expect(page.spent().bytesCopied == 12)
  }

  /// A task may write anywhere.
  @Test func rubbishOnThePageIsUnderstood() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
      for word in 0..<ActivityClock.wordCount {
        (page.base + 256 + 8 * word).storeBytes(of: random.next(), as: UInt64.self)
      }
      _ = page.spent()
      page.clock.enter(.running)
    }
  }
}
