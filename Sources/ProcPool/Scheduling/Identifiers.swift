import ProcPoolProtocol

/// A place for one process of a pool. The process in it may be replaced.
struct PlaceID: TableIndex {
  let index: Int
}

/// The index of an item within its call, as opposed to its position in the order of a worker.
struct ItemIndex: Hashable, Comparable, Sendable {
  let value: UInt64

  init(_ value: UInt64) { self.value = value }

  static func < (one: ItemIndex, other: ItemIndex) -> Bool { one.value < other.value }

  /// The item `count` items later. If the addition overflows, the result is the index of no item.
  static func + (item: ItemIndex, count: Int) -> ItemIndex {
    ItemIndex(item.value &+ UInt64(truncatingIfNeeded: count))
  }
}

/// An index of a ``Table``: a number with a meaning.
protocol TableIndex: Hashable, Comparable, Sendable {
  var index: Int { get }
  init(index: Int)
}

extension TableIndex {
  static func < (one: Self, other: Self) -> Bool { one.index < other.index }
}

extension WorkerID: TableIndex {}

extension RandomAccessCollection where Index: TableIndex {
  func index(after id: Index) -> Index { Index(index: id.index + 1) }
  func index(before id: Index) -> Index { Index(index: id.index - 1) }
  func index(_ id: Index, offsetBy distance: Int) -> Index { Index(index: id.index + distance) }
  func distance(from start: Index, to end: Index) -> Int { end.index - start.index }
}

/// An array that is indexed by one kind of number only.
struct Table<ID: TableIndex, Element>: RandomAccessCollection, MutableCollection {
  private var elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  var startIndex: ID { ID(index: 0) }
  var endIndex: ID { ID(index: elements.count) }

  var indices: TableIndices<ID> { TableIndices(startIndex: startIndex, endIndex: endIndex) }

  // Inlined, so that reading one field does not copy the whole element.
  subscript(id: ID) -> Element {
    @inline(__always) get { elements[id.index] }
    @inline(__always) _modify { yield &elements[id.index] }
  }
}

/// The indices of a ``Table``.
///
/// They hold no reference to the elements, as the default indices of a collection do: a loop over
/// those that changes an element would copy all elements.
struct TableIndices<ID: TableIndex>: RandomAccessCollection {
  let startIndex: ID
  let endIndex: ID

  var indices: Self { self }

  subscript(id: ID) -> ID { id }
  subscript(bounds: Range<ID>) -> Self { Self(startIndex: bounds.lowerBound, endIndex: bounds.upperBound) }
}

extension Dictionary where Key == CallID {
  /// The state of a call with pending or in-flight chunks. It cannot be missing: a call is
  /// forgotten only when it is retired and none of its items is in flight, and retiring it drops
  /// its pending chunks (see ``Scheduler/brokenInvariant()``).
  subscript(known call: CallID) -> Value { self[call]! }
}
