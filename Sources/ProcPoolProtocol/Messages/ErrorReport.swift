import ProcPoolWire

/// A worker's report of items that ended without an output.
package struct ErrorReport: Equatable, Sendable {
  package enum Reason: UInt8, Sendable, CaseIterable {
    /// `run` threw.
    case threw = 0
    /// `prepare` threw.
    case preparationThrew = 1
    /// The worker could not decode the input.
    case inputUndecodable = 2
    /// The worker could not encode the output.
    case outputUnencodable = 3
    /// The worker's program does not have the type of the task, or could not decode the task.
    case taskUnavailable = 4
  }

  package var reason: Reason
  /// The printed name of the error's type.
  package var typeName: String
  /// The error as text.
  package var message: String
  /// The error itself, if it is `Codable`: the mangled name of its type, and its encoded value.
  package var value: (typeName: String, bytes: [UInt8])?
  /// The reason why there is no value; empty if there is one, or if there is no error.
  package var valueFailure = ""
  /// The most frequent reason why there is no value.
  package static let notCodable = "its type is not Codable"
  /// The step of the item that failed, if items have steps.
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
