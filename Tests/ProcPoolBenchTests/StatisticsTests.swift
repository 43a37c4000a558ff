import Testing

@testable import ProcPoolBench

@Suite("Runs are summed up as least, middle and greatest")
struct Statistics {
  @Test("The median of an odd number of runs is the one in the middle")
  func odd() throws {
    let statistics = try #require(RunStatistics(of: [3, 1, 2]))
    #expect(statistics.min == 1)
    #expect(statistics.median == 2)
    #expect(statistics.max == 3)
    #expect(statistics.spread == 1)
  }

  @Test("The median of an even number of runs is the mean of the two in the middle")
  func even() throws {
    #expect(try #require(RunStatistics(of: [4, 1, 2, 10])).median == 3)
  }

  @Test("One run is all three, and has no spread")
  func single() throws {
    let statistics = try #require(RunStatistics(of: [0.5]))
    #expect([statistics.min, statistics.median, statistics.max] == [0.5, 0.5, 0.5])
    #expect(statistics.spread == 0)
  }

  @Test("No runs have no statistics")
  func none() {
    #expect(RunStatistics(of: []) == nil)
  }

  @Test("Bytes are those of one run, and the rate is items by the median")
  func measurement() {
    let key = MeasurementKey(scenario: .overhead, label: "map", strategy: "automatic", workers: 2)
    let measurement = Measurement(
      key: key, items: 10, seconds: [1, 2, 3, 4], spent: spent(sent: 400, received: 40), verified: true)
    #expect(measurement.bytesSent == 100)
    #expect(measurement.bytesReceived == 10)
    #expect(measurement.itemsPerSecond == 4)
  }
}

@Suite("The recorder counts what it should")
struct Recording {
  private let key = MeasurementKey(scenario: .sleep, label: "tenths", strategy: "serial", workers: 0)

  @Test(
    "The first run is made but not counted, once for each strategy or for each sample",
    arguments: [(WarmUp.once, 7), (.eachPool, 7), (.always, 8)])
  func warmUp(_ warmingUp: WarmUp, expected: Int) async throws {
    let recorder = Recorder { _ in }
    var calls = 0
    for _ in 0..<2 {
      try await recorder.measure(key, items: nil, runs: 3, warmingUp: warmingUp) {
        calls += 1
      } verify: {
        true
      }
    }
    #expect(calls == expected)
    #expect(recorder.measurements.count == 1)
    #expect(recorder.measurements[0].seconds.count == 6)
    #expect(recorder.measurements[0].verified == true)
  }

  @Test("One wrong run among right ones is remembered", arguments: 0..<4)
  func wrongRun(wrong: Int) async throws {
    let recorder = Recorder { _ in }
    var calls = 0
    try await recorder.measure(key, items: nil, runs: 3) { () -> Int in
      calls += 1
      return calls - 1
    } verify: {
      $0 != wrong
    }
    #expect(recorder.measurements[0].verified == false)
  }

  @Test("Each run is announced")
  func progress() async throws {
    var lines: [String] = []
    let recorder = Recorder { lines.append($0) }
    try await recorder.measure(key, items: nil, runs: 1) {
    } verify: {
      true
    }
    #expect(lines == ["sleep · tenths · serial · warming up", "sleep · tenths · serial · run 1 of 1"])
  }
}
