import BenchTasks
import Foundation
import ProcPool
import Testing

@testable import ProcPoolBench

@Suite("Chaos finds what is wrong, and nothing where all is right") struct ChaosFindsWhatIsWrong {
  private func call(_ items: Int, attempts: Int = 1) throws -> ChaosRound.Call {
    ChaosRound.Call(
      verb: .mapResults, items: items, chunkSize: nil, attempts: attempts, longest: 1,
      begun: try SharedArray(repeating: 1, count: items))
  }

  private func right(_ items: Int) -> [Result<Int, any Error>] {
    (0..<items).map { .success(Unruly.answer($0)) }
  }

  @Test func whatIsRightIsNoBreach() throws {
    #expect(ChaosRound.check(right(5), of: try call(5)) == [])
  }

  @Test func aWrongAnswerAndASwappedOneAreFound() throws {
    var results = right(5)
    results.swapAt(1, 2)
    #expect(ChaosRound.check(results, of: try call(5)).count == 2)
    results = right(5)
    results[4] = .success(0)
    #expect(ChaosRound.check(results, of: try call(5)).count == 1)
  }

  @Test func aMissingAnswerIsFound() throws {
    #expect(ChaosRound.check(right(4), of: try call(5)) == ["mapResults of 5 items returned 4 results"])
  }

  @Test func anItemThatWasBegunTooOftenOrNeverIsFound() throws {
    let call = try call(3, attempts: 2)
    call.begun[0] = 2
    call.begun[1] = 3
    call.begun[2] = 0
    #expect(
      ChaosRound.check(right(3), of: call) == [
        "mapResults: item 1 was started 3 times", "mapResults: item 2 was started 0 times",
      ])
  }

  @Test func anErrorThatNobodyCausedIsFound() throws {
    var results = right(3)
    results[1] = .failure(PoolError.terminated)
    #expect(ChaosRound.check(results, of: try call(3)) == ["mapResults: item 1: the pool was terminated"])
  }

  @Test func whatIsLeftIsSeen() throws {
    // Other tests open and close what they like meanwhile: by number.
    let pipe = Pipe()
    let numbers = [pipe.fileHandleForReading, pipe.fileHandleForWriting].map(\.fileDescriptor)
    let seen = Remains.now()
    let mine = try numbers.map { number in
      try #require(seen.first { $0.hasPrefix("descriptor \(number): pipe:") })
    }
    try pipe.fileHandleForReading.close()
    try pipe.fileHandleForWriting.close()
    #expect(Remains.now().isDisjoint(with: mine))
  }

  @Test func whatGrowsIsSeenAndWhatGoesUpAndDownIsNot() {
    func minute(_ number: Int, _ footprints: Footprint...) -> SoakMinute {
      var minute = SoakMinute(number: number, footprints[0])
      for footprint in footprints { minute.add(footprint) }
      return minute
    }
    func footprint(_ megabytes: Int, _ descriptors: Int, _ processes: Int, _ segments: Int) -> Footprint {
      Footprint(
        memory: megabytes << 20, descriptors: descriptors, processes: processes, segments: segments)
    }
    let early = minute(2, footprint(20, 30, 3, 0), footprint(40, 36, 5, 1))
    let calm = minute(9, footprint(42, 36, 5, 1), footprint(80, 50, 9, 3))
    #expect(calm.growth(since: early) == [])
    let grown = minute(9, footprint(44, 37, 6, 2))
    let names = grown.growth(since: early).map { $0.split(separator: ":")[1] }
    #expect(names == [" memory", " descriptors", " processes", " segments"])
    #expect(
      grown.growth(since: early)[1] == "growth from minute 2 to minute 9: descriptors: 36, now 37")
  }

  @Test func theLastMinuteIsAWholeOne() {
    let numbers = [0, 59, 60, 179, 180, 200].map { SoakMinute.number(at: .seconds($0), of: 3) }
    #expect(numbers == [1, 1, 2, 3, 3, 3])
  }

  @Test(.timeLimit(.minutes(5))) func aShortRunIsCleanAndSaysWhatItDid() async throws {
    let run = try await SharedFolder.alone {
      try await Program.run(["chaos", "--seconds", "3", "--seed", "11", "--workers", "3"])
    }
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("seed 11\n") && run.output.contains("Workers killed: "))
    #expect(!run.output.contains("Workers killed: 0,"))
    #expect(run.errors.isEmpty)
  }
}
