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

/// An array that is indexed by one kind of number only.
struct Table<ID: TableIndex, Element>: RandomAccessCollection, MutableCollection {
  private var elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  var startIndex: ID { ID(index: 0) }
  var endIndex: ID { ID(index: elements.count) }

  func index(after id: ID) -> ID { ID(index: id.index + 1) }
  func index(before id: ID) -> ID { ID(index: id.index - 1) }
  func index(_ id: ID, offsetBy distance: Int) -> ID { ID(index: id.index + distance) }
  func distance(from start: ID, to end: ID) -> Int { end.index - start.index }

  subscript(id: ID) -> Element {
    _read { yield elements[id.index] }
    _modify { yield &elements[id.index] }
  }
}

extension Dictionary where Key == CallID {
  /// The state of a call with pending or in-flight chunks. It cannot be missing: a call is
  /// forgotten only when it is retired and none of its items is in flight, and retiring it drops
  /// its pending chunks (see ``Scheduler/brokenInvariant()``).
  subscript(known call: CallID) -> Value {
    _read { yield self[call]! }
    _modify { yield &self[call]! }
  }
}
