/// A queue with constant-time operations at both ends, in a ring buffer that doubles when it is
/// full.
///
/// The standard library has none; `Array.removeFirst` moves every element.
struct Deque<Element> {
  private var ring: [Element?] = []
  private var head = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  var first: Element? { count == 0 ? nil : ring[head] }

  private func slot(_ offset: Int) -> Int {
    // The capacity is a power of two.
    (head + offset) & (ring.count - 1)
  }

  private mutating func grow() {
    let capacity = ring.isEmpty ? 8 : ring.count * 2
    var larger: [Element?] = []
    larger.reserveCapacity(capacity)
    for offset in 0..<count { larger.append(ring[slot(offset)]) }
    larger.append(contentsOf: repeatElement(nil, count: capacity - count))
    ring = larger
    head = 0
  }

  /// - Complexity: amortised O(1).
  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[slot(count)] = element
    count += 1
  }

  /// - Complexity: amortised O(1).
  mutating func prepend(_ element: Element) {
    if count == ring.count { grow() }
    head = slot(ring.count - 1)
    ring[head] = element
    count += 1
  }

  /// - Complexity: O(1).
  @discardableResult
  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    defer {
      ring[head] = nil
      head = slot(1)
      count -= 1
    }
    return ring[head]
  }

  /// The element `offset` places behind the first.
  subscript(offset: Int) -> Element {
    get { ring[slot(offset)]! }
    set { ring[slot(offset)] = newValue }
  }

  /// - Complexity: O(n).
  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    self = Deque(filter { !isUnwanted($0) })
  }

  mutating func removeAll() {
    self = Deque()
  }

  init() {}

  init(_ elements: some Sequence<Element>) {
    for element in elements { append(element) }
  }
}

extension Deque: Sequence {
  struct Iterator: IteratorProtocol {
    fileprivate let deque: Deque
    private var offset = 0

    fileprivate init(_ deque: Deque) { self.deque = deque }

    mutating func next() -> Element? {
      guard offset < deque.count else { return nil }
      defer { offset += 1 }
      return deque[offset]
    }
  }

  func makeIterator() -> Iterator { Iterator(self) }
}

extension Deque: Sendable where Element: Sendable {}
