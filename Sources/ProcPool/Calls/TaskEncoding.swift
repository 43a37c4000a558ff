import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire
import ProcPoolWorker
import Synchronization

extension EncodedTask {
  /// - Parameter isSingle: whether the call has one item.
  /// - Throws: ``PoolError/taskUnavailable(_:)`` if no worker could find the type, or if the value
  ///   cannot be encoded or exceeds the pool's maximum length.
  init<T: PoolTask>(_ task: T, isSingle: Bool = false, for settings: PoolSettings) throws {
    let typeName = try TaskNames.name(of: T.self)
    let sharing = SharedScope()
    var writer = WireWriter(capacity: 64)
    var start = 0
    var end = 0
    do {
      let header = FrameHeader(.call, flags: isSingle ? CallMessage.singleFlag : 0)
      try writer.writeFrame(header) { writer in
        CallMessage.writeHead(typeName: typeName, to: &writer)
        start = writer.count
        try sharing.enter { try WireCoding.encode(task, into: &writer) }
        end = writer.count
      }
    } catch {
      throw PoolError.taskUnavailable(
        "the task value of type \(T.self) cannot be encoded: "
          + LocalizedDescription.words(for: error))
    }
    let length = end - FrameHeader.size
    guard length <= settings.maximumPayload else {
      throw PoolError.taskUnavailable(
        "the task value of type \(T.self) is too long: "
          + "\(PayloadTooLong(length: length, limit: settings.maximumPayload))")
    }
    let shared = sharing.takeCarried()
    // On threads, a kept task would retain the blocks that the program is about to release.
    let isKept =
      settings.keptTasks.count > 0 && T.isKept
      && (shared.isEmpty || settings.abilities.contains(.hasOwnMemory))
    let value = UnsafeRawBufferPointer(rebasing: writer.bytes[start..<end])
    let key = isKept ? TaskKey(ObjectIdentifier(T.self), value) : nil
    self.init(type: T.self, frame: FrameMemory(writer, shared: shared), key: key, bytesCopied: end - start)
  }
}

/// The names by which workers find task types.
private enum TaskNames {
  /// The cached names: a look-up of a type by its name takes as long as some calls do.
  private static let known = Mutex<[ObjectIdentifier: String]>([:])

  static func name<T: PoolTask>(of type: T.Type) throws -> String {
    let key = ObjectIdentifier(type)
    if let name = known.withLock({ $0[key] }) { return name }
    guard let name = _mangledTypeName(type), _typeByName(name) == type else {
      throw PoolError.taskUnavailable(
        "workers cannot find the task type \(type), because it is private, fileprivate or declared inside a "
          + "function (or a generic argument of it is); declare it internal, at the top level or inside a type"
      )
    }
    known.withLock { $0[key] = name }
    return name
  }
}
