/// A property of a task that exists in workers only: `prepare` builds it, `run` uses it, and it is never
/// sent.
///
///     struct Lookup: PoolTask {
///       var path: String
///       @WorkerLocal var index: Index                  // need not be Codable, nor Sendable
///       mutating func prepare() throws { index = try Index(path) }
///       func run(_ word: String) -> Int { index[word] }
///     }
///
/// What it holds lives in one worker until the call ends. It has no initial value, because a worker gets the
/// task decoded, not initialised: set it in `prepare`. Used before, it traps and says so.
@propertyWrapper
public struct WorkerLocal<Value>: Sendable {
  // Because @unchecked Sendable: a worker serves a call's items one at a time, and copies of a task value
  // that are made for other processes are made by encoding, which leaves the value out.
  private final class Storage: @unchecked Sendable {
    var value: Value?
  }

  private let storage = Storage()

  /// A property that `prepare` must set.
  public init() {}

  public var wrappedValue: Value {
    get {
      guard let value = storage.value else {
        fatalError("a @WorkerLocal property of type \(Value.self) is used before `prepare` has set it")
      }
      return value
    }
    nonmutating set { storage.value = newValue }
    nonmutating _modify {
      var value = wrappedValue
      storage.value = nil  // So that a collection is changed in place and not copied.
      defer { storage.value = value }
      yield &value
    }
  }
}

extension WorkerLocal: Codable {
  public init(from decoder: any Decoder) throws { self.init() }
  public func encode(to encoder: any Encoder) throws {}
}

extension KeyedDecodingContainer {
  /// Found by the synthesised `init(from:)` of tasks: there is nothing to decode.
  public func decode<Value>(_ type: WorkerLocal<Value>.Type, forKey key: Key) throws -> WorkerLocal<Value> {
    WorkerLocal()
  }
}

extension KeyedEncodingContainer {
  /// Found by the synthesised `encode(to:)` of tasks: there is nothing to encode.
  public mutating func encode<Value>(_ value: WorkerLocal<Value>, forKey key: Key) throws {}
}
