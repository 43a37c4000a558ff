import Testing

@testable import ProcPoolBench

@Suite("Scenarios and cases are chosen as asked")
struct Options {
  @Test("All scenarios run unless some are asked for, always in the same order")
  func scenarios() {
    var options = BenchOptions()
    #expect(options.selectedScenarios == ScenarioName.allCases.filter { $0 != .growth })
    options.scenarios = [.sleep, .matmul, .sleep]
    #expect(options.selectedScenarios == [.matmul, .sleep])
  }

  @Test("A case chooses the scenario that has it")
  func caseAlone() {
    var options = BenchOptions()
    options.caseName = "slow-series"
    #expect(options.selectedScenarios == [.partialSums])
    #expect(options.includes("slow-series", of: .partialSums))
    #expect(!options.includes("array-sum", of: .partialSums))
  }

  @Test("Whole seconds of sleep are slept on request only")
  func onRequest() {
    var options = BenchOptions()
    #expect(options.includes("tenths", of: .sleep))
    #expect(!options.includes("seconds", of: .sleep))
    options.caseName = "seconds"
    #expect(options.includes("seconds", of: .sleep))
  }

  @Test("No two scenarios have a case of the same name")
  func uniqueCases() {
    let names = ScenarioName.allCases.flatMap(\.cases)
    #expect(Set(names).count == names.count)
  }

  @Test("The number of runs that is asked for overrides the scenario's own")
  func runs() {
    var options = BenchOptions()
    #expect(options.runs(usual: 5, quickly: 2) == 5)
    options.quick = true
    #expect(options.runs(usual: 5, quickly: 2) == 2)
    options.repeats = 9
    #expect(options.runs(usual: 5, quickly: 2) == 9)
  }
}
