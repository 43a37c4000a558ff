import Synchronization

#if DEBUG
  /// A mutex that counts its acquisitions, for tests. In a release build it is a `Mutex`.
  package struct CountedMutex<Value: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>

    package init(_ value: consuming sending Value) { mutex = Mutex(value) }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      MutexCount.add()
      return try mutex.withLock(body)
    }
  }

  /// The number of acquisitions of all counted mutexes in this process.
  package enum MutexCount {
    private static let count = Atomic(0)
    package static var value: Int { count.load(ordering: .relaxed) }
    fileprivate static func add() { count.add(1, ordering: .relaxed) }
  }
#else
  package typealias CountedMutex = Mutex
#endif
