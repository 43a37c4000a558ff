import Testing

@testable import ProcPool

@Suite struct DequeKeepsOrder {
  @Test func elementsLeaveInTheOrderInWhichTheyCame() {
    var deque = Deque<Int>()
    for round in 0..<100 {
      deque.append(round * 2)
      deque.append(round * 2 + 1)
      #expect(deque.popFirst() == round)
    }
    #expect(Array(deque) == Array(100..<200))
    #expect(deque.count == 100)
  }

  @Test func bothEndsWorkAcrossTheWrap() {
    var deque = Deque([3, 4, 5])
    deque.prepend(2)
    deque.prepend(1)
    deque.append(6)
    deque[0] = 0
    #expect(Array(deque) == [0, 2, 3, 4, 5, 6])
    deque.removeAll { $0 % 2 == 0 }
    #expect(Array(deque) == [3, 5])
    #expect(deque.first == 3)
    deque.removeAll()
    #expect(deque.popFirst() == nil && deque.isEmpty)
  }
}
