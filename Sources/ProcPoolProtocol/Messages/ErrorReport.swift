import ProcPoolWire

/// Why items ended without an output, as a worker tells it.
package struct ErrorReport: Equatable, Sendable {
  package enum Reason: UInt8, Sendable, CaseIterable {
    /// `run` threw.
    case threw = 0
    /// `prepare` threw.
    case preparationThrew = 1
    /// The worker could not make an input of the bytes it was sent.
    case inputUndecodable = 2
    /// The output could not be encoded.
    case outputUnencodable = 3
    /// The worker's program has no such task, or could not make one of the bytes it was sent.
    case taskUnavailable = 4
  }

  package var reason: Reason
  /// The name of the error's type, as it is printed.
  package var typeName: String
  /// The error in words.
  package var message: String
  /// The error itself, if it is `Codable`: the mangled name of its type, and its encoded value.
  package var value: (typeName: String, bytes: [UInt8])?
  /// Why there is no value of an error; empty if there is one, or there is no error.
  package var valueFailure = ""
  /// Why there is none of most errors.
  package static let notCodable = "its type is not Codable"
  /// Which step of the item it was, where items have steps.
  package var step: UInt64?

  package init(
    reason: Reason, typeName: String, message: String, value: (typeName: String, bytes: [UInt8])? = nil,
    step: UInt64? = nil
  ) {
    self.step = step
    self.reason = reason
    self.typeName = typeName
    self.message = message
    self.value = value
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(reason.rawValue)
    writer.writeText(typeName)
    writer.writeText(message)
    writer.writeText(value?.typeName ?? "")
    writer.writeBlob(value?.bytes ?? [])
    writer.writeText(valueFailure)
    writer.writeVarint(step.map { $0 &+ 1 } ?? 0)
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    guard let reason = Reason(rawValue: try reader.readFixed(UInt8.self)) else {
      throw .malformed("an unknown reason for a failure", offset: 0)
    }
    self.reason = reason
    typeName = try reader.readText()
    message = try reader.readText()
    let valueType = try reader.readText()
    let bytes = try reader.readBlob()
    value = valueType.isEmpty ? nil : (valueType, bytes)
    valueFailure = try reader.readText()
    let next = try reader.readVarint()
    step = next == 0 ? nil : next - 1
    try reader.finish()
  }

  package static func == (one: ErrorReport, other: ErrorReport) -> Bool {
    one.reason == other.reason && one.typeName == other.typeName && one.message == other.message
      && one.value?.typeName == other.value?.typeName && one.value?.bytes == other.value?.bytes
      && one.valueFailure == other.valueFailure && one.step == other.step
  }
}
