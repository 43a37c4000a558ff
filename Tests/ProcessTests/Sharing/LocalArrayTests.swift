import FaultyTasks
import Testing

@testable import ProcPoolSharedMemory

extension Processes.Sharing {
  @Suite struct ArraysInOneProcess {
    @Test func elementsAreWhatTheyWereMadeOf() throws {
      #expect(Array(try SharedArray(repeating: 7, count: 3)) == [7, 7, 7])
      #expect(Array(try SharedArray([1.5, 2.5])) == [1.5, 2.5])
      #expect(Array(try SharedArray((0..<10_000).lazy.map { $0 * 2 })) == (0..<10_000).map { $0 * 2 })
      let filled = try SharedArray<Int32>(count: 100) { span in
        for index in span.indices { span[index] = Int32(index) }
      }
      #expect(Array(filled) == Array(0..<100))
      let empty = try SharedArray([UInt8]())
      #expect(empty.isEmpty && Array(empty).isEmpty && empty.withSpan { $0.count } == 0)
    }

    @Test func aCopyOfTheValueIsTheSameArray() throws {
      let one = try SharedArray([1, 2, 3])
      let other = one
      other[1] = 20
      #expect(one[1] == 20)
    }

    @Test func spansOfRangesCountFromZero() throws {
      let array = try SharedArray(0..<10)
      array.withMutableSpan(3..<5) { span in
        span[0] = -3
        span[1] = -4
      }
      #expect(Array(array) == [0, 1, 2, -3, -4, 5, 6, 7, 8, 9])
      #expect(array.withSpan(8..<10) { $0[1] } == 9)
      #expect(array.withSpan(10..<10) { $0.isEmpty })
    }

    @Test func moreMemoryThanThereIsIsAnErrorThatSaysSo() {
      let error = #expect(throws: SharedMemoryError.self) { try SharedArray(repeating: 0, count: 1 << 44) }
      guard case .insufficient(let asked, let available?, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(asked >= 8 << 44 && available < asked)
      #expect(throws: SharedMemoryError.self) { try SharedArray(repeating: 0, count: .max) }
    }

    @Test func whatAClosureThrowsLeavesNothing() throws {
      struct Mishap: Error {}
      let before = descriptors()
      for _ in 0..<100 {
        #expect(throws: Mishap.self) {
          try SharedArray<Int>(count: 100_000) { _ throws(Mishap) in throw Mishap() }
        }
      }
      #expect(descriptors() == before)
    }

    @Test func tenThousandSmallThingsTakeFewDescriptors() throws {
      let before = descriptors()
      var counters: [SharedCounter] = []
      var values: [LockedValue<Double>] = []
      var arrays: [SharedArray<Int>] = []
      for index in 0..<10_000 {
        counters.append(try SharedCounter(index))
        values.append(try LockedValue(Double(index)))
        arrays.append(try SharedArray(repeating: index, count: 10))
      }
      #expect(descriptors() - before <= 30)
      for index in 0..<10_000 {
        #expect(counters[index].value == index)
        #expect(try values[index].withLock { $0 } == Double(index))
        #expect(arrays[index][9] == index)
      }
      (counters, values, arrays) = ([], [], [])
      #expect(descriptors() == before)
    }

    /// Descriptors of shared memory.
    private func descriptors() -> Int {
      Inspection.descriptors().values.count { $0.hasPrefix("/memfd:procpool ") }
    }
  }
}
