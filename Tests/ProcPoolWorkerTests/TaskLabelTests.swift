import ProcPoolProtocol
import Testing

@testable import ProcPoolWorker

private struct Power<Number> {}
private struct Größe {}
private struct Total: ReducingTask {
  func run(_ input: Int) -> Int { input }
  func combine(_ output: Int, into total: inout Int) { total += output }
}

@Suite struct ATaskIsLabelledByTheNameOfItsType {
  @Test func aGenericTypeHasItsArguments() {
    #expect(TaskLabel(Power<Double>.self).text == "Power<Double>")
    #expect(TaskLabel(Größe.self).text == "Größe")
  }

  @Test func aReductionIsLabelledByTheTaskOfItsUser() {
    #expect(TaskLabel(IntervalReduction<Total>.self).text == "Total")
  }
}
