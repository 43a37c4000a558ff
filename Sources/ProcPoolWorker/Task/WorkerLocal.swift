/// A property of a task that exists in workers only. `prepare` sets it, `run` uses it, and it is
/// never sent.
///
///     struct Lookup: PoolTask {
///       var path: String
///       @WorkerLocal var index: Index                  // need not be Codable, nor Sendable
///       mutating func prepare() throws { index = try Index(path) }
///       func run(_ word: String) -> Int { index[word] }
///     }
///
/// The value lives in one worker until the call ends, or as long as the worker keeps the task: other
/// calls with the same task then find it as the last item left it. It has no initial value, because a
/// worker decodes the task rather than initialising it: set it in `prepare`. Reading it before that is a
/// programming error, and stops the process with a message.
@propertyWrapper
public struct WorkerLocal<Value>: Sendable {
  // Safety: a worker runs one item at a time, of whichever call, and a task value reaches other
  // processes by encoding, which leaves this value out.
  private final class Storage: @unchecked Sendable {
    var value: Value?
  }

  private let storage = Storage()

  /// Creates a property without a value, which `prepare` must set.
  public init() {}

  /// The value that `prepare` has set. Mutations happen in place, without a copy.
  ///
  /// - Precondition: a value has been set.
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
      storage.value = nil  // Otherwise a collection would be copied before it is changed.
      defer { storage.value = value }
      yield &value
    }
  }
}

extension WorkerLocal: Codable {
  /// Creates a property without a value. Reads nothing from the decoder, and does not throw.
  public init(from decoder: any Decoder) throws { self.init() }

  /// Encodes nothing, and does not throw.
  public func encode(to encoder: any Encoder) throws {}
}

extension KeyedDecodingContainer {
  /// Returns a property without a value, without reading the key. The synthesised `init(from:)` of
  /// a task calls this overload. It does not throw.
  public func decode<Value>(_ type: WorkerLocal<Value>.Type, forKey key: Key) throws -> WorkerLocal<Value> {
    WorkerLocal()
  }
}

extension KeyedEncodingContainer {
  /// Writes nothing for the key. The synthesised `encode(to:)` of a task calls this overload. It
  /// does not throw.
  public mutating func encode<Value>(_ value: WorkerLocal<Value>, forKey key: Key) throws {}
}
